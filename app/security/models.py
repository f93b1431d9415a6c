"""How people are known: sessions, sign-ins under way, remembered devices, second factors, and what counts failed attempts."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import UtcDateTime, now
from app.core.database import Base
from app.core.sealing import SEALED

IDLE, LIFE = timedelta(minutes=30), timedelta(hours=12)
REMEMBERED_IDLE, REMEMBERED_LIFE = timedelta(hours=12), timedelta(days=30)
"""How long a session lives without a request, and in all; longer on a remembered device (spec §11.13)."""


class RememberedDevice(Base):
    """A browser that somebody has asked to be remembered in: no second factor there for 30 days (spec §8)."""

    __tablename__ = "remembered_devices"
    __table_args__ = (Index("ix_remembered_devices_account", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    epoch: Mapped[int] = mapped_column()
    device: Mapped[str] = mapped_column(String(200), default="")
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInSession(Base):
    """A browser that is signed in. The cookie holds a random id, the row its hash: who reads the table cannot sign in with it."""

    __tablename__ = "sign_in_sessions"
    __table_args__ = (Index("ix_sign_in_sessions_account", "account_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # a session whose number is not the credential's any more is over: password, factors or status have changed
    epoch: Mapped[int] = mapped_column()
    device_id: Mapped[int | None] = mapped_column(ForeignKey("remembered_devices.id"))
    way: Mapped[str] = mapped_column(String(20))
    device: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(45), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # when the person last proved who it is with the factor, or with the password where there is none (spec §11.12)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def is_live(self, epoch: int, moment: datetime) -> bool:
        """Tell whether the session still holds at a moment, given the number its account's credential carries."""
        idle, life = (REMEMBERED_IDLE, REMEMBERED_LIFE) if self.device_id is not None else (IDLE, LIFE)
        return (
            self.ended_at is None
            and self.epoch == epoch
            and moment < self.seen_at + idle
            and moment < self.created_at + life
        )


class PendingSignIn(Base):
    """Somebody whose password was right and whose second factor is still asked for: nobody is signed in yet."""

    __tablename__ = "pending_sign_ins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    epoch: Mapped[int] = mapped_column()
    remember: Mapped[bool] = mapped_column(default=False)
    next_url: Mapped[str] = mapped_column(String(1000), default="")
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Challenge(Base):
    """What a passkey has to sign, once: whoever takes the row may verify one answer, whatever the outcome."""

    __tablename__ = "challenges"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class TotpFactor(Base):
    """An authenticator app; it counts once a code has confirmed it."""

    __tablename__ = "totp_factors"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(Text, info=SEALED)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # the 30-second step of the newest code that was accepted: none of it or before it works again
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """One of ten codes for the day the phone is lost. 125 random bits need no slow hash (ASVS 5.0 6.5.2)."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Passkey(Base):
    """A WebAuthn credential: second factor, and a way in without a password."""

    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_account", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(String(60))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    # random, the same for all passkeys of an account: neither its id nor its email leaves the house
    user_handle: Mapped[bytes] = mapped_column(LargeBinary(32))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    transports: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Throttle(Base):
    """How often something was tried in vain: an account from an address, a device, a second factor. The key is a keyed hash."""

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column()
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime] = mapped_column(UtcDateTime)
