"""Subjects that are not ASCII, as a mail program and an old one read them."""

from __future__ import annotations

import email
import email.policy
from email.header import decode_header, make_header

import pytest
from aiosmtplib.email import flatten_message
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.config_notify import NotifyConfig, ReceiverConfig
from gateway.notify.channels.base import Envelope
from gateway.notify.channels.email import mail
from gateway.notify.receivers import Receiver, directory
from gateway.notify.wording import subject
from tests.notify.said import BARE, PRAXIS, item, notice

WORDS = (
    *("Ordination", "Dr.", "Süß", "(c-1),", "Österreich,", "×", "–", "[x]", "=?utf-8?q?=41?=", "日本語", "a" * 60),
    "ä" * 60,
)


def receiver() -> Receiver:
    config = ReceiverConfig(name="wien", channel="email", to=("wien@example.org",), language="de")
    found = directory(NotifyConfig(smtp_url=SecretStr("smtp://127.0.0.1"), receivers=(config,)), ()).get("wien")
    assert found is not None
    return found


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=20), min_size=1, max_size=30).map(" ".join))
def test_a_subject_is_read_as_it_was_written_whatever_a_clinic_is_called(name: str) -> None:
    told = notice(firing=(item(place=PRAXIS.model_copy(update={"clinic_name": name})),), language="de")
    message = mail(Envelope("k", receiver(), told, 0), "silverpoint@example.org")
    written = flatten_message(message)
    header = written.partition(b"\r\n\r\n")[0]
    lines = header.partition(b"\r\nFrom: ")[0].split(b"\r\n")
    assert header.isascii()
    assert all(len(line) <= 76 for line in lines)
    read = email.message_from_bytes(written, policy=email.policy.default)["Subject"]
    assert read == message["Subject"] == subject(told)
    assert str(make_header(decode_header(email.message_from_bytes(written)["Subject"]))) == read
    assert read.startswith("[WARNUNG] Düse fällig: ")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    "name",
    ["=?utf-8?q?=0D=0ABcc=3A_x=40y.z?=", "=?utf-8?b?DQpCY2M6IHhAeS56DQoNCmJvZHk=?= x", "=?utf-8?q?=0ABcc:_x@y.z?="],
)
def test_a_name_that_looks_like_an_encoded_word_begins_no_header(name: str, language: str) -> None:
    told = notice(firing=(item(place=BARE.model_copy(update={"clinic_name": name})),), language=language)
    written = flatten_message(mail(Envelope("k", receiver(), told, 0), "silverpoint@example.org"))
    read = email.message_from_bytes(written, policy=email.policy.default)
    assert set(read.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert name in read["Subject"]
