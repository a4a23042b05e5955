#!/bin/sh
# Build the engine with sanitizers and run its tests on that build.
#
#   native/sanitize.sh address    AddressSanitizer and UndefinedBehaviorSanitizer: the engine's tests
#   native/sanitize.sh thread     ThreadSanitizer: its tests with several threads, no fork, no torch
#
# The build has a folder and a virtual environment of its own; all else comes from .venv. GCC only.
set -eu
cd "$(dirname "$0")/.."
kind=$1
home=$PWD/build/sanitize-$kind
base=$PWD/.venv/bin
python=$home/venv/bin/python

case $kind in
  address) checks=address,undefined runtime=libasan.so ;;
  thread) checks=thread runtime=libtsan.so ;;
  *) echo "sanitize.sh takes address or thread, got $kind" >&2; exit 2 ;;
esac

folder() { "$1" -c 'import sysconfig; print(sysconfig.get_path("platlib"))'; }

# Not .venv itself: its editable install would always find the engine that it was made with.
[ -x "$python" ] || "$base/python" -m venv --without-pip "$home/venv"
site=$(folder "$python")
folder "$base/python" > "$site/base.pth"
mkdir -p "$site/glassgate"
ln -sf "$PWD"/src/glassgate/* "$site/glassgate/"

PATH=$base:$PATH
cmake -G Ninja -S . -B "$home/cmake" --log-level=WARNING -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_CXX_COMPILER=g++ -DCMAKE_CXX_FLAGS=-O1 -DGLASSGATE_SANITIZE=$checks \
  -DPython_EXECUTABLE="$base/python" -Dnanobind_DIR="$("$base/python" -m nanobind --cmake_dir)"
cmake --build "$home/cmake"
cp "$home"/cmake/_native*.so "$site/glassgate/"

# Python itself is not built so, and leaks on purpose: leaks are not looked for. The C++ library comes
# with the runtime, which must find its throw at the start.
LD_PRELOAD="$(g++ -print-file-name=$runtime) $(g++ -print-file-name=libstdc++.so.6)"
export LD_PRELOAD OMP_NUM_THREADS=1
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:exitcode=66
run() { "$python" -m pytest --capture=sys -p no:cacheprovider "$@"; }  # fd 2 is the sanitizer's

case $kind in
  address)
    run --noconftest tests/engine/test_engine.py tests/engine/test_same_bits.py \
      tests/engine/test_engine_safety.py tests/engine/test_native_checks.py tests/engine/test_curves.py \
      tests/engine/test_threads.py tests/engine/test_single_step.py ;;
  thread)
    run --noconftest tests/engine/test_threads.py -k "not fork and not processes and not torch"
    run --noconftest tests/engine/test_same_bits.py -k "threads or units" ;;
esac
