"""The verdict told: on the terminal, as verdict.html and verdict.json, as JUnit, to Allure and others."""
