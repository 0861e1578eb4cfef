"""What a message says to whoever reads it: how urgent, what to bring, and in how little room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboards.web.message_strings import ENGLISH_MESSAGES
from dashboards.web.strings import CATALOGUES
from gateway.notify.brevity import body_within
from gateway.notify.notice import Item, Need, Notice, Place
from gateway.notify.texts import more
from gateway.notify.urgency import left, percent, urgency_line
from gateway.notify.wording import plain, subject
from schemas.alert import Rule
from schemas.views import ForecastView, Quantiles

WORDS = ENGLISH_MESSAGES
LINK = "https://silverpoint.example.org/act?clinic=c-1"


def item(
    number: int = 1,
    rule: Rule = "nozzle_due",
    *,
    days: float | None = 9.0,
    wear: float | None = 0.87,
    firing: bool = True,
) -> Item:
    place = Place(clinic_id="c-1", clinic_name="Praxis", region="", device_id="d-1", device_label="", room="Room 2")
    found = None if days is None else Quantiles(p10=days - 3, p50=days, p90=days + 6)
    forecast = ForecastView(remaining_sessions=None, remaining_days=found, replace_by="2025-10-15")
    return Item(
        alert_id=number, rule=rule, severity="warning", subject=f"n-{number}", firing=firing,
        summary=f"Nozzle n-{number} on d-1 is at 87 % of its wear limit", place=place, part="fine-24", wear_ratio=wear,
        forecast=forecast, since_ms=1_760_000_000_000, ended_ms=None if firing else 1_760_000_900_000,
    )  # fmt: skip


def notice(*items: Item, parts: tuple[Need, ...] = ()) -> Notice:
    firing, resolved = [one for one in items if one.firing], [one for one in items if not one.firing]
    return Notice(
        reason="new", group_key="c-1", firing=tuple(firing), resolved=tuple(resolved), parts=parts, link=LINK, made_ms=0
    )


def test_what_is_left_is_told_in_whole_numbers_that_a_person_can_plan_by() -> None:
    assert left(Quantiles(p10=21.2, p50=34.4, p90=51.9), "session", WORDS) == "34 (21 to 52) sessions left"
    assert left(Quantiles(p10=1.9, p50=2.0, p90=2.1), "day", WORDS) == "2 days left"
    assert left(Quantiles(p10=0.0, p50=0.3, p90=1.2), "day", WORDS) == "at most 1 day left"
    assert left(Quantiles(p10=0.0, p50=0.1, p90=0.3), "session", WORDS) == "less than one session left"


def test_what_is_short_of_the_whole_is_not_told_as_the_whole() -> None:
    assert [percent(ratio, WORDS.outlook) for ratio in (0.874, 0.996, 1.0, 1.036)] == ["87 %", "99 %", "100 %", "104 %"]


def test_a_worn_out_nozzle_is_not_said_to_have_weeks_left() -> None:
    assert urgency_line(item(rule="nozzle_worn_out", wear=1.04), WORDS) == "warning, replace it before the next session"
    assert urgency_line(item(), WORDS) == "warning, 9 (6 to 15) days left, replace by 2025-10-15"
    assert "8 of 10" in plain(notice(item()))
    assert "8 of 10" not in plain(notice(item(rule="nozzle_worn_out")))


def test_many_alerts_of_one_kind_are_counted_and_their_parts_added_up() -> None:
    told = notice(item(1), item(2), parts=(Need(part="fine-24", number=2),))
    assert subject(told) == "[WARNING] 2 × Nozzle due: Praxis (c-1)"
    assert "Bring: 2 × fine-24" in plain(told)
    assert subject(notice(item(1), item(2, "mains_lost"))) == "[WARNING] Nozzle due and 1 more: Praxis (c-1)"
    assert "Bring" not in plain(notice(item(1), parts=(Need(part="fine-24", number=1),)))


def test_what_is_over_says_what_it_was_and_asks_for_no_part() -> None:
    text = plain(notice(item(firing=False)))
    assert "Nozzle due - resolved; it was: Nozzle n-1" in text
    assert "part:" not in text
    assert "Bring" not in text


def test_a_chat_with_room_gets_all_of_it_without_the_headline_twice() -> None:
    told = notice(item())
    body = body_within(told, 4_096)
    assert subject(told) not in body
    assert body.endswith(f"Open and act: {LINK}")


@given(alerts=st.integers(1, 20), room=st.integers(150, 5_000), language=st.sampled_from(sorted(CATALOGUES)))
def test_however_little_room_there_is_the_message_fits_and_has_its_link_and_how_many_more(
    alerts: int, room: int, language: str
) -> None:
    told = notice(*(item(number) for number in range(1, alerts + 1)), parts=(Need(part="fine-24", number=alerts),))
    told = told.model_copy(update={"language": language})
    words = CATALOGUES[language].message
    body = body_within(told, room)
    assert len(body) <= room
    assert LINK in body
    named = sum(f"n-{number} " in body for number in range(1, alerts + 1))
    assert named == alerts or not named or more(alerts - named, words) in body
