// Searches the libraries of the process for an OpenMP runtime (Linux only).
#include "openmp.h"

#include <atomic>
#include <cstring>
#include <mutex>

#if defined(__linux__)
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#endif

namespace glassgate {

#if defined(__linux__)
namespace {

std::atomic<bool> is_fork{false};

// Searched in this order if no runtime is globally visible. Through torch's library we find the
// runtime that torch itself calls, even if several are loaded.
constexpr const char* LIBRARIES[] = {"libtorch_cpu.so", "libiomp5.so", "libgomp", "libomp"};

bool has_file_name(const char* path, const char* name) {
  const char* slash = std::strrchr(path, '/');
  return !std::strncmp(slash ? slash + 1 : path, name, std::strlen(name));
}

struct Search {
  const char* name;
  std::string path;
};

int match_library(dl_phdr_info* info, size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (!info->dlpi_name || !has_file_name(info->dlpi_name, search.name)) return 0;
  search.path = info->dlpi_name;
  return 1;
}

template <class Function>
bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function;
}

// Look up the entry points in a library and its dependencies; null if they have no OpenMP.
const OpenMp* entry_points(void* library) {
  OpenMp found;
  Dl_info where;
  if (!find(library, "GOMP_parallel", found.parallel) ||
      !find(library, "omp_get_thread_num", found.thread_number) ||
      !find(library, "omp_get_max_threads", found.max_threads) ||
      !find(library, "omp_in_parallel", found.in_parallel) ||
      !dladdr(reinterpret_cast<void*>(found.parallel), &where))
    return nullptr;
  found.path = where.dli_fname;
  return new OpenMp(found);
}

const OpenMp* search_libraries() {
  if (const OpenMp* visible = entry_points(RTLD_DEFAULT)) return visible;
  for (const char* name : LIBRARIES) {
    Search search{name, {}};
    if (!dl_iterate_phdr(match_library, &search)) continue;
    void* library = dlopen(search.path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    if (!library) continue;
    if (const OpenMp* found = entry_points(library)) return found;  // keep the library open
    dlclose(library);
  }
  return nullptr;
}

unsigned long long libraries_loaded() {
  unsigned long long count = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        *static_cast<unsigned long long*>(data) = info->dlpi_adds;
        return 1;
      },
      &count);
  return count;
}

[[maybe_unused]] const bool watches_forks = [] {
  pthread_atfork(nullptr, nullptr, [] { is_fork.store(true); });
  return true;
}();

}  // namespace

bool forked() { return is_fork.load(std::memory_order_relaxed); }

const OpenMp* openmp() {
  static std::atomic<const OpenMp*> found{nullptr};
  static std::atomic<unsigned long long> searched{0};  // libraries loaded at the last search
  static std::mutex searching;
  if (forked()) return nullptr;
  const unsigned long long loaded = libraries_loaded();
  if (searched.load(std::memory_order_acquire) == loaded) return found.load();
  std::lock_guard<std::mutex> lock(searching);
  if (searched.load() != loaded) {
    const OpenMp *before = found.load(), *now = search_libraries();
    // The old one may be in use and is never deleted.
    if (!before || (now && now->path != before->path)) found.store(now);
    searched.store(loaded, std::memory_order_release);
  }
  return found.load();
}

#else

const OpenMp* openmp() { return nullptr; }
bool forked() { return false; }

#endif

}  // namespace glassgate
