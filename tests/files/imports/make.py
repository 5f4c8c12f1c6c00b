"""Makes people.csv: 1,000 people as a company might list them, with what such lists have that is wrong.

The others are what LibreOffice made of it: a workbook as Excel writes it, one as Excel before 2007 wrote it, and CSV in
Latin-1 with semicolons. All of them are committed, so that the tests need nobody's spreadsheet program:

    python make.py
    soffice --headless --convert-to xlsx --infilter="CSV:44,34,76,1,4/2/6/2/9/2" people.csv
    soffice --headless --convert-to xls --infilter="CSV:44,34,76,1,4/2/6/2/9/2" people.csv
    mkdir out && soffice --headless --convert-to csv:"Text - txt - csv (StarCalc)":59,34,12,1 --outdir out people.xlsx
    mv out/people.csv people-latin-1.csv

formula.xls, people.ods and protected.xlsx are from LibreOffice and msoffcrypto-tool; protected.xls is an old workbook
with the record that says so ([MS-XLS] FilePass).
"""

import csv
import io
import random
from pathlib import Path

HERE = Path(__file__).parent
GIVEN = (
    "Ada Björn Chloé Dmitri Esra François Grażyna Hélène Inés Jürgen Katarzyna Luís María Nuño Olga Pía Quentin Renée "
    "Søren Tomás Úrsula Véronique Wolfgang Ximena Yvonne Zoë"
).replace("Grażyna", "Grace")
FAMILY = (
    "Álvarez Becker Clément Dupont Eriksson Fernández Großmann Hernández Ibarra Jørgensen Köhler Lefèvre Müller Núñez "
    "O'Neill Peña Quispe Rodríguez Schröder Tremblay Uribe Vázquez Weiß Yáñez Zúñiga Smith-Jones"
)
DEPARTMENTS = ("Sales", "Support", "Research & Development", "Finance", "People; Culture")
HEADER = (
    "E-mail Address",
    "First name",
    "Last name",
    "Mobile phone",
    "Job title",
    "Employee ID",
    "Department",
    "Language",
    "Work Phone",
    "Time zone",
    "Role",
    "Teams",
    "Manager e-mail",
    "Capacity",
)


def people() -> list[tuple[str, ...]]:
    chance = random.Random(6)  # noqa: S311 - the same people each time
    given, family = GIVEN.split(), FAMILY.split()
    rows: list[tuple[str, ...]] = []
    addresses: list[str] = [f"person{number:04}@acme.example" for number in range(1000)]
    for number, address in enumerate(addresses):
        manager = addresses[chance.randrange(1000)] if number % 2 else ""
        rows.append(
            (
                address if number % 250 != 7 else f"{address}@twice",
                given[number % len(given)],
                family[number // len(given) % len(family)],
                f"+4917{number:08}" if number % 3 else "",
                chance.choice(("Agent", "Team lead", "Director, EMEA", 'Head of "Things"')),
                f"{number:05}",
                chance.choice(DEPARTMENTS),
                chance.choice(("de", "en-GB", "es", "fr")),
                f"+4930{number:07}" if number % 4 else "",
                chance.choice(("Europe/Berlin", "Europe/London", "America/Mexico_City")),
                chance.choice(("", "", "Viewer", "Agent")) if number % 100 != 9 else "King",
                chance.choice(("", "", "", "Nights", "Nights; Days")) if number % 111 != 5 else "Nowhere",
                manager if manager != address else "",
                str(number % 7 + 1),
            )
        )
    rows[500] = rows[499]
    rows[700] = (rows[699][0], *rows[700][1:])
    return rows


if __name__ == "__main__":
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(people())
    (HERE / "people.csv").write_bytes(text.getvalue().encode())
