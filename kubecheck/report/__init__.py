"""The verdict told: on the terminal, as verdict.json, as JUnit, to Allure."""
