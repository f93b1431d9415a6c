"""The status page of the demo: 90 days of looks, an incident that is over and one that is open."""

import random
from datetime import timedelta

from app.access.actor import Actor, acting_as
from app.core.clock import now, pretending, today
from app.core.database import transaction
from app.demo_plan import SEED
from app.status.models import State, StatusDay
from app.status.queries import DAYS, components
from app.status.services import add_component, ensure_components, open_incident, update_incident

LOOKS = 720
"""How often a component is looked at on a day: every two minutes."""


def tell(heads: list[Actor]) -> None:
    """Fill the status page of each provider; the first one has incidents."""
    chance = random.Random(SEED)
    for head in heads:
        with acting_as(head):
            ensure_components()
            with transaction():
                add_component(name="Fibre backbone", name_bn="ফাইবার ব্যাকবোন")
            _count_days(chance)
    with acting_as(heads[0]):
        _tell_incidents()


def _count_days(chance: random.Random) -> None:
    with transaction() as session:
        for component in components():
            for number in range(1, DAYS):
                bad = chance.random() < 0.03
                day = today() - timedelta(days=number)
                down = chance.randrange(5, 90) if bad and chance.random() < 0.5 else 0
                impaired = chance.randrange(5, 60) if bad and not down else 0
                session.add(StatusDay(component_id=component.id, day=day, looks=LOOKS, impaired=impaired, down=down))


def _tell_incidents() -> None:
    by_key = {component.key: component.id for component in components()}
    cut = now() - timedelta(days=9, hours=3)
    with pretending(cut), transaction():
        incident = open_incident(
            title="Fibre cut near Kandirpar",
            title_bn="কান্দিরপাড়ের কাছে ফাইবার কাটা",
            impact=State.DOWN,
            component_ids=[by_key["own"]],
            said="Road works cut our fibre. Customers in the north have no connection.",
            said_bn="রাস্তার কাজে আমাদের ফাইবার কেটে গেছে। উত্তরের গ্রাহকেরা সংযোগ পাচ্ছেন না।",
        )
    with pretending(cut + timedelta(minutes=50)), transaction():
        update_incident(
            incident,
            progress="identified",
            said="The place is found, our team is splicing.",
            said_bn="জায়গাটি পাওয়া গেছে, আমাদের দল জোড়া দিচ্ছে।",
        )
    with pretending(cut + timedelta(hours=3)), transaction():
        update_incident(incident, progress="resolved", said="All lines are up again.", said_bn="সব লাইন আবার চালু হয়েছে।")
    with pretending(now() - timedelta(hours=2)), transaction():
        slow = open_incident(
            title="Slow speed in the evening",
            title_bn="সন্ধ্যায় গতি কম",
            impact=State.IMPAIRED,
            component_ids=[by_key["own"]],
            said="Some customers have less speed than usual. We are looking into it with our upstream.",
            said_bn="কিছু গ্রাহক স্বাভাবিকের চেয়ে কম গতি পাচ্ছেন। আমরা আপস্ট্রিমের সঙ্গে কারণ খুঁজছি।",
        )
    with pretending(now() - timedelta(hours=1)), transaction():
        update_incident(
            slow,
            progress="identified",
            said="An upstream link is overloaded; a second one is switched on tonight.",
            said_bn="একটি আপস্ট্রিম লিংকে চাপ বেশি; আজ রাতে আরেকটি চালু করা হবে।",
        )
