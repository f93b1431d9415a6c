# What one can do here. `make` lists it.

PORT ?= 8080
SIZE ?= small
export PORT SIZE

.DEFAULT_GOAL := help
.PHONY: help install demo serve sandbox radius test test-long bench load lint format screenshots wapiti translations docs vendor

help: ## list what one can do here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## make .venv with what the program needs
	@scripts/venv.sh

demo: ## install, make and fill the database where needed, and serve: PORT=8080 SIZE=small|medium|large|1m DATABASE_URL=…
	@exec scripts/demo.sh

serve: install ## serve the database that is there: PORT=8080 DATABASE_URL=…
	@exec .venv/bin/python run.py

sandbox: install ## run bKash, Nagad and SSLCommerz without money on PORT+1, as `make demo` does by itself
	@exec .venv/bin/python -m app.gateways.sandbox --port $$(($(PORT)+1)) --folder instance

radius: install ## run FreeRADIUS over the demo's database: RADIUS_SERVER=127.0.0.1:18120 DATABASE_URL=…
	@scripts/debian.sh freeradius radclient rlm_sql_postgresql
	@exec .venv/bin/python scripts/radius.py

test: ## run all tests on SQLite, and all but the browser's on PostgreSQL: ARGS="-k receipt"
	@scripts/test.sh $(ARGS)

test-long: ## run the tests that take minutes, on both databases: ARGS="-k sequences"
	@MARK=long scripts/test.sh $(ARGS)

bench: install ## measure pieces of work, with ratios to a limit measured in the same run
	@scripts/debian.sh chromium npm postgres
	@scripts/venv.sh requirements-dev.txt
	@.venv/bin/python scripts/bench.py
	@.venv/bin/python scripts/weigh.py
	@.venv/bin/python scripts/bench_online.py
	@.venv/bin/python scripts/bench_documents.py $(ARGS)
	@.venv/bin/python scripts/lighthouse.py

load: install ## let fifty people work at once on PostgreSQL and prove that nothing broke: MINUTES=10
	@scripts/debian.sh postgres
	@scripts/venv.sh requirements-dev.txt
	@.venv/bin/python scripts/load.py

lint: ## look at style and types
	@scripts/venv.sh requirements-dev.txt
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

format: ## put the code into the house's form
	@scripts/venv.sh requirements-dev.txt
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

screenshots: ## take pictures of every page, with contact sheets: ARGS="--widths 360 --languages bn"
	@scripts/debian.sh chromium chromedriver
	@scripts/venv.sh requirements-dev.txt
	.venv/bin/python scripts/screenshots.py $(ARGS)

wapiti: ## crawl a demo with a scanner, signed in as a Manager; fails on findings of medium severity
	@scripts/wapiti.sh

translations: install ## collect the English sentences, compile the Bengali ones, say what is missing
	@scripts/translations.sh

docs: install ## write the documents that are generated
	.venv/bin/flask isp docs

vendor: ## fetch the pinned styles, icons and fonts of the pages (needs npm)
	@scripts/vendor.sh
