"""The tables that customers booked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One table more."""

    dependencies = [("smokehouse", "0001_meats")]  # noqa: RUF012  as Django has it
    operations = [  # noqa: RUF012
        migrations.CreateModel(
            name="Booking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=50)),
                ("made", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
