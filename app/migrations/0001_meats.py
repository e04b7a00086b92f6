"""The smokers and the meats, and those that the tutorial smokes."""

import django.db.models.deletion
from django.db import migrations, models

MEATS = {
    "offset smoker": ("ribs", "brisket", "bison sirloin"),
    "kettle": ("lemon chicken", "salmon", "sausage"),
}


def fill(apps, schema_editor):
    """Put the tutorial's six meats into two smokers."""
    smokers = apps.get_model("smokehouse", "Smoker").objects
    meats = apps.get_model("smokehouse", "Meat").objects
    for name, inside in MEATS.items():
        smoker = smokers.create(name=name)
        for meat in inside:
            meats.create(name=meat, smoker=smoker)


class Migration(migrations.Migration):
    """The two tables, filled."""

    initial = True
    dependencies = []  # noqa: RUF012  as Django has it
    operations = [  # noqa: RUF012
        migrations.CreateModel(
            name="Smoker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=50)),
            ],
        ),
        migrations.CreateModel(
            name="Meat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=50)),
                (
                    "smoker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="meats",
                        to="smokehouse.smoker",
                    ),
                ),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
