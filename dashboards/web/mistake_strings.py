"""What pages say of mistakes in what was typed. Part of the one catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.mistakes import MistakeCode


@dataclass(frozen=True, slots=True)
class MistakeWords:
    """One sentence for each mistake, and what stands before it."""

    in_field: str
    on_line: str
    said: Mapping[MistakeCode, str]


ENGLISH_MISTAKES: Final = MistakeWords(
    in_field="{field}: {what}",
    on_line="Line {n}: {what}",
    said={
        "cells_too_many": "there are more cells than the first line names",
        "chat_address": "write an address that begins with one of {limit}, and ://",
        "choose_one": "choose one of {limit}",
        "column_missing": "the column “{name}” is missing (columns are parted by commas)",
        "column_twice": "the column “{name}” is there twice",
        "column_unknown": "there is no such column or field",
        "ends_before_start": "the end must lie after the start, and ahead",
        "field_of_other_kind": "a {kind} has no such field",
        "file_empty": "the file is empty: begin with the line {limit}",
        "file_header": "begin with the line {limit}",
        "file_unreadable": "this can't be read as CSV",
        "hours": "write seven, from Monday, as 08:00-18:00 or closed, with commas between",
        "identifier": "write 1 to 64 letters, digits and . _ -, beginning with a letter or digit",
        "last_admin": "{name} is the last administrator of the whole fleet: name another one first",
        "lasts_too_long": "a silence lasts for {n} days at most; switch the rule off instead",
        "mail_address": "write one mail address, such as service@example.org",
        "maintenance_where": "a maintenance window is for a clinic or a device: name one",
        "missing": "write something here",
        "name": "a name has 1 to 64 letters, digits and . _ @ + -, beginning with a letter or digit",
        "name_taken": "there is a user {name} already: choose another name",
        "nobody_left": "nobody would be left who may manage access: name an administrator of the whole fleet",
        "number": "write a number",
        "out_of_sight": "name a clinic or a device that you see: a silence reaches no further",
        "password_length": "a password has {low} to {high} characters",
        "person_known": "{name} is there already: leave the password empty, it stays as it is",
        "person_new": "{name} is new: write a password",
        "time": "write a date and a time",
        "time_of_day": "write a time of day, such as 08:30",
        "time_span": "write two times of day, such as 22:00 and 07:00",
        "too_large": "write a number up to {limit}",
        "too_long": "write {limit} characters at most",
        "too_short": "write {limit} characters at least",
        "too_small": "write a number from {limit} on",
        "twice": "{name} is in the file already",
        "unknown": "there is no {name}",
        "which_alerts": "say which alerts are meant: choose a rule, clinic, device, subject or severity",
        "whole_number": "write a whole number",
        "wrong": "this can't be taken as it is",
        "zone": "“{name}” is no time zone; write one such as Europe/Berlin",
    },
)
