"""The ground floor: database, money, clock, errors, language, jobs. It knows no customer, page or user."""
