"""The questions a Manager has, answered for this product: the content of the help page."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app.access.permissions import KEYS, Key


@dataclass(frozen=True)
class Entry:
    """A question with its answer, a paragraph each; ``key`` names the permission it concerns, if it concerns one."""

    question: Any
    answers: tuple[Any, ...]
    key: str | None = None

    @property
    def permission(self) -> Key | None:
        """The row of the key table that the question concerns."""
        return KEYS[self.key] if self.key else None


@dataclass(frozen=True)
class Topic:
    """What some questions are about."""

    title: Any
    entries: tuple[Entry, ...]


TOPICS = (
    Topic(
        _l("Signing in and language"),
        (
            Entry(
                _l("I cannot sign in. What can I do?"),
                (
                    _l("Type the email and the password again; small and capital letters of the password count."),
                    _l(
                        "If it still fails, ask the account above you for a one-time password. Nobody signs in while "
                        "the own account, or one above it, is suspended or disabled."
                    ),
                ),
            ),
            Entry(
                _l("Why must I choose a new password at once?"),
                (
                    _l(
                        "Somebody else has given you the present one. Until you choose a password that only you know, "
                        "no other page opens."
                    ),
                ),
            ),
            Entry(
                _l("How do I change my password?"),
                (
                    _l(
                        "Press your name at the top right, then “My account” and “Change password”. A password has 12 "
                        "to 128 characters."
                    ),
                    _l("You stay signed in here; on every other device the account is signed out."),
                ),
            ),
            Entry(
                _l("How do I protect my account with a second step?"),
                (
                    _l(
                        "Open “My account” and “Security”. Set up an authenticator app, or a passkey: then the finger, face "
                        "or screen lock of your phone signs you in. Keep the ten recovery codes away from the phone."
                    ),
                ),
            ),
            Entry(
                _l("My phone is lost. How do I sign in?"),
                (
                    _l("Type one of your recovery codes in the place of the code; each works once."),
                    _l(
                        "Without codes the account above you can take the second step away. You are told so when you sign in."
                    ),
                ),
            ),
            Entry(
                _l("Why am I signed out after a pause?"),
                (
                    _l(
                        "After half an hour without a click the sign-in ends. Tick “Remember this device for 30 days” on a "
                        "phone that only you use: there it lasts longer."
                    ),
                ),
            ),
            Entry(
                _l("Why am I asked again who I am?"),
                (
                    _l(
                        "Voids, discounts, corrections, permissions and passwords want a fresh proof when the last one is "
                        "some time ago. What you have typed is kept."
                    ),
                ),
            ),
            Entry(
                _l("How do I switch between Bengali and English?"),
                (
                    _l(
                        "By the button with the other language's name at the top; on a phone it is in the menu behind "
                        "your initials."
                    ),
                    _l("“My account” also keeps the digits you like, ০১২৩ or 0123, and light or dark colours."),
                ),
            ),
        ),
    ),
    Topic(
        _l("Finding a customer"),
        (
            Entry(
                _l("How do I find a customer?"),
                (
                    _l(
                        "Open “Customers” and type the number, the name in Bengali or English, the username, or at "
                        "least four digits of the mobile. On a computer the key / puts the cursor into the search box."
                    ),
                ),
                "view-customer-details",
            ),
            Entry(
                _l("How do I see some of the customers only, a zone or those who owe?"),
                (
                    _l(
                        "By the filters above the list: status, payment, package, zone, dates. They work together, and "
                        "the address of the page keeps them, so that it can be saved as a bookmark. The filter by "
                        "payment needs the permission to see bills or to receive payments."
                    ),
                ),
                "view-customer-details",
            ),
            Entry(
                _l("Why do I not find a customer who is there?"),
                (
                    _l(
                        "Look whether a filter is on: it narrows the search too. And a Manager sees the customers of "
                        "the account it works for, not those of accounts below it or beside it."
                    ),
                ),
            ),
            Entry(
                _l("How do I get a list as a file?"),
                (
                    _l(
                        "“Export CSV” gives exactly the rows that the list shows under search and filters, ready for a "
                        "spreadsheet. Every download is noted in the activity log."
                    ),
                ),
            ),
        ),
    ),
    Topic(
        _l("Taking cash"),
        (
            Entry(
                _l("How do I take cash?"),
                (
                    _l(
                        "Press “Receive payment” on the customer's profile or on an open bill. The form begins with "
                        "all that is due and shows which bills the money settles, the oldest first."
                    ),
                    _l("Press the large button once: the payment is recorded and its receipt opens."),
                ),
                "receive-payment",
            ),
            Entry(
                _l("I tapped twice. Is the money recorded twice?"),
                (
                    _l(
                        "No. A form counts once, however often it is sent: the second tap leads to the same receipt "
                        "and says that it was recorded already."
                    ),
                ),
                "receive-payment",
            ),
            Entry(
                _l("The connection broke off while I was sending. Is it recorded?"),
                (
                    _l(
                        "Send the same page again. If the payment had arrived you get its receipt, if not it is "
                        "recorded now; it cannot be recorded twice that way."
                    ),
                    _l(
                        "If you have opened a new form instead, the panel warns you: when the same amount came from "
                        "this customer within the last ten minutes, it asks before it records another payment."
                    ),
                ),
                "receive-payment",
            ),
            Entry(
                _l("I typed a wrong amount. What now?"),
                (
                    _l(
                        "With the permission “Edit payment”, press “Correct” on the receipt: the old receipt becomes "
                        "void and stays on record, a new one with its own number takes its place."
                    ),
                    _l("Without it, tell somebody who has it, with the number of the receipt."),
                ),
                "edit-customer-payment",
            ),
            Entry(
                _l("The customer pays more than is due. Where does the rest go?"),
                (_l("It stays as advance and pays the next bill by itself, as far as it goes."),),
                "receive-payment",
            ),
            Entry(
                _l("The customer pays only a part. Is that possible?"),
                (
                    _l(
                        "Yes. The oldest bill is settled first, and what is missing stays due. A part payment does not "
                        "move the date up to which service is paid."
                    ),
                ),
                "receive-payment",
            ),
            Entry(
                _l("May I enter money that I got yesterday?"),
                (
                    _l(
                        "Yes: choose the date on the form. A Manager may go back 7 days; a date in the future is "
                        "refused."
                    ),
                ),
                "receive-payment",
            ),
            Entry(
                _l("How do I give a discount while taking cash?"),
                (
                    _l(
                        "With the permission “Discount on bills” the form has a field for it. The discount goes to the "
                        "oldest bill first and cannot be more than what is open; the reason stays on record."
                    ),
                ),
                "discount-on-bills",
            ),
            Entry(
                _l("Why does the panel say that an account is too small for the payment?"),
                (
                    _l(
                        "The customer belongs to an Operator who buys prepaid, and the Operator's balance does not "
                        "cover the bill. Nothing was recorded. Let the Operator know; once balance is added, send the "
                        "form again."
                    ),
                ),
                "receive-payment",
            ),
            Entry(
                _l("Is a suspended customer active again after paying?"),
                (
                    _l(
                        "Yes, at once, if the suspension was for non-payment and nothing is due any more. Whoever was "
                        "suspended for another reason stays so until somebody activates the line."
                    ),
                ),
                "receive-payment",
            ),
        ),
    ),
    Topic(
        _l("Collection, my cash, recharge and package"),
        (
            Entry(
                _l("How do I collect door by door?"),
                (
                    _l(
                        "Open “Collection”: who owes stands there by zone and address. “Take all” asks once and records it."
                    ),
                    _l(
                        "Nobody at home, or a day was promised? Press “Later”: the customer comes back at the right time."
                    ),
                ),
                "receive-payment",
            ),
            Entry(
                _l("How do I close my day?"),
                (
                    _l("Open “My cash”, press “Close the day”, count your notes. What differs needs a reason."),
                    _l(
                        "After closing, nothing can be dated into the closed days. The parent confirms what it received."
                    ),
                ),
                "receive-payment",
            ),
            Entry(
                _l("How do I recharge a daily or hotspot customer?"),
                (
                    _l("Press “Recharge” on the profile, choose days or a package, look at the price, then confirm."),
                    _l("Bill, money and time are recorded together, from the later of now and the date paid up to."),
                ),
                "receive-payment",
            ),
            Entry(
                _l("What does a change of package cost?"),
                (
                    _l(
                        "The days left at the new price, less the unused days already billed at the old one, rounded to the "
                        "taka. You see it before anything is written; what is given back lowers the open bill first."
                    ),
                ),
                "change-customer-package",
            ),
        ),
    ),
    Topic(
        _l("Receipts and printing"),
        (
            Entry(
                _l("How do I print a receipt?"),
                (
                    _l(
                        "Below the receipt choose A4, 80 mm or 58 mm. A PDF opens, which your phone or computer can "
                        "print or share."
                    ),
                    _l(
                        "By its QR code the customer sees, without sign-in, whether the receipt is genuine: it opens a "
                        "page with number, amount, time and whether it is valid or void."
                    ),
                ),
            ),
            Entry(
                _l("Which receipts may I open?"),
                (_l("Those of money you took yourself, always. Those of others with the permission “View payments”."),),
                "view-customer-payments",
            ),
        ),
    ),
    Topic(
        _l("Bills"),
        (
            Entry(
                _l("How do I print a bill?"),
                (
                    _l(
                        "Open it from “Bills” or from the customer's profile and press “Invoice PDF”. It is in the "
                        "language kept for the customer's documents."
                    ),
                ),
                "print-invoice",
            ),
            Entry(
                _l("How do I raise a bill by hand?"),
                (
                    _l(
                        "Press “New bill” on the customer's profile, or in “Bills” with the customer's number. An "
                        "advance of the customer pays it at once."
                    ),
                ),
                "generate-bill",
            ),
            Entry(
                _l("A bill is too high or has the wrong date. May I change it?"),
                (
                    _l(
                        "With the permission “Edit bills”, yes, but not below what is paid and discounted already. "
                        "What it was before stays in the activity log."
                    ),
                ),
                "edit-bills",
            ),
            Entry(
                _l("There is a bill that should not exist. What now?"),
                (
                    _l(
                        "Who has the permission “Void bills” voids it with a reason. It keeps its number and stays on "
                        "record; what was paid on it becomes the customer's advance."
                    ),
                ),
                "delete-bills",
            ),
        ),
    ),
    Topic(
        _l("Customers"),
        (
            Entry(
                _l("How do I add a customer?"),
                (
                    _l(
                        "“New customer” above the list; name, username, package and billing profile are enough. With a "
                        "monthly profile the bill for the days left of this month is raised at once."
                    ),
                ),
                "create-customer",
            ),
            Entry(
                _l("Why is a username in use that none of my customers has?"),
                (
                    _l(
                        "A username exists once for all providers here, because the network knows people by it alone. "
                        "Choose another; whose it is is not shown."
                    ),
                ),
            ),
            Entry(
                _l("What is the difference between suspended and disabled?"),
                (
                    _l(
                        "Both have no service and get no monthly bill. Suspended is a pause: when it came from "
                        "non-payment, it ends when all dues are settled. A disabled line stays off until somebody "
                        "activates it."
                    ),
                ),
            ),
            Entry(
                _l("What is “Paid up to”, and how do I move it?"),
                (
                    _l(
                        "It is the suspend date, up to which service is paid; it moves by itself when bills are "
                        "settled. With the permission “Edit suspend date” you move it by hand, and that holds until "
                        "the next bill is settled."
                    ),
                ),
                "edit-suspend-date",
            ),
        ),
    ),
    Topic(
        _l("Expenses"),
        (
            Entry(
                _l("How do I note an expense?"),
                (
                    _l(
                        "“New expense” in “Expenses”: amount, category, date, and whether it was paid from the "
                        "business's money or from cash you had collected."
                    ),
                    _l(
                        "A Manager sees all expenses and changes or voids its own; the account above changes all. A "
                        "void expense stays on record."
                    ),
                ),
                "expense-management",
            ),
        ),
    ),
    Topic(
        _l("Permissions"),
        (
            Entry(
                _l("Why does a page say that I may not do this?"),
                (
                    _l(
                        "Your account lacks the permission that the page names; nothing was changed. “Ask for this "
                        "permission” sends your reason to the account above you."
                    ),
                ),
            ),
            Entry(
                _l("How do I see what I may do?"),
                (
                    _l(
                        "“My account”, then “My permissions”: every permission, what it means, and whether you hold "
                        "it. “Request” beside the others asks for one. You get it for good or for some hours; one with "
                        "“until” ends by itself at that time."
                    ),
                ),
            ),
            Entry(
                _l("A button was here yesterday and is gone. Why?"),
                (
                    _l(
                        "What you may not do is not shown. A permission that is given or taken holds from your next "
                        "click; you need not sign in again."
                    ),
                ),
            ),
        ),
    ),
    Topic(
        _l("Log and security"),
        (
            Entry(
                _l("What is in the activity log, and can it be changed?"),
                (
                    _l(
                        "You see all that you did yourself, and what others did with customers, bills, payments or "
                        "expenses as far as you may see those lists. No entry can be changed or deleted."
                    ),
                ),
            ),
            Entry(
                _l("Somebody may know my password, or my phone is lost. What do I do first?"),
                (
                    _l(
                        "Change your password: every other device is signed out at its next click. If you cannot sign "
                        "in, call the account above you, which can end your sessions and give you a one-time password."
                    ),
                ),
            ),
            Entry(
                _l("Can the account above see what I see?"),
                (
                    _l(
                        "Yes: it can look at the panel as you, without changing anything. Each such look is noted in "
                        "the activity log."
                    ),
                ),
            ),
        ),
    ),
)
"""Questions and answers by topic, in the order in which a Manager meets them."""
