// Panics and exceptions, each through frames that were made for the other.
// A plain program: a failed check prints its line, and the exit code tells.
#include <weft/weft.h>

#include <cstdio>
#include <cstring>
#include <csignal>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

int failures;

#define CHECK(cond)                                                        \
    do {                                                                   \
        if (!(cond)) {                                                     \
            std::printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #cond); \
            failures++;                                                    \
        }                                                                  \
    } while (0)

weft_mutex mutex = WEFT_MUTEX_INIT;
int destroyed;

struct tracked {
    ~tracked()
    {
        destroyed++;
    }
};

// A lock in the C++ manner: the constructor locks and returns.
class owner
{
  public:
    __attribute__((noinline)) explicit owner(weft_mutex *m) : m_(m)
    {
        weft_require(weft_mutex_lock(m_) == WEFT_OK);
    }
    __attribute__((noinline)) ~owner()
    {
        weft_mutex_unlock(m_);
    }
    owner(const owner &) = delete;
    owner &operator=(const owner &) = delete;

  private:
    weft_mutex *m_;
};

void reset()
{
    destroyed = 0;
    weft_mutex_init(&mutex);
}

bool is_open()
{
    if (weft_mutex_recover_try(&mutex) != WEFT_OK) {
        return false;
    }
    weft_mutex_unlock(&mutex);
    return true;
}

__attribute__((noinline)) void panic_here()
{
    tracked here;
    weft_panic("in C++");
}

__attribute__((noinline)) void panic_deeply()
{
    tracked here;
    panic_here();
}

// ---- a panic through C++

void panics_under_an_owner(void *)
{
    tracked outer;
    owner lock(&mutex);
    panic_deeply();
}

void panic_runs_destructors_and_poisons()
{
    reset();
    CHECK(weft_catch_unwind(panics_under_an_owner, nullptr, nullptr) ==
          WEFT_PANICKED);
    CHECK(destroyed == 3);
    CHECK(weft_mutex_is_poisoned(&mutex));
    CHECK(is_open());
}

void rethrows(void *)
{
    try {
        panic_here();
    } catch (...) {
        destroyed += 10;
        throw;
    }
}

void panic_passes_a_catch_all_that_rethrows()
{
    reset();
    CHECK(weft_catch_unwind(rethrows, nullptr, nullptr) == WEFT_PANICKED);
    CHECK(destroyed == 11);
    CHECK(!weft_panicking());
}

void throws_and_catches_in_a_destructor(void *)
{
    struct thrower {
        ~thrower()
        {
            try {
                throw std::runtime_error("inner");
            } catch (const std::exception &) {
                destroyed += 100;
            }
        }
    } here;
    panic_here();
}

void cleanup_may_throw_if_it_catches()
{
    reset();
    CHECK(weft_catch_unwind(throws_and_catches_in_a_destructor, nullptr,
                            nullptr) == WEFT_PANICKED);
    CHECK(destroyed == 101);
}

// ---- an exception through C

void throws(void *)
{
    throw std::runtime_error("through C");
}

void throws_under_locks(void *)
{
    WEFT_LOCK(weft_mutex, g, &mutex) {
        throws(nullptr);
    }
}

void exception_releases_a_guard_and_does_not_poison()
{
    reset();
    bool caught = false;
    try {
        throws_under_locks(nullptr);
    } catch (const std::runtime_error &) {
        caught = true;
    }
    CHECK(caught);
    CHECK(!weft_mutex_is_poisoned(&mutex));
    CHECK(is_open());
}

void catches_inside(void *)
{
    bool caught = false;
    try {
        CHECK(weft_catch_unwind(throws_under_locks, nullptr, nullptr) !=
              WEFT_OK);
    } catch (const std::runtime_error &) {
        caught = true;
    }
    CHECK(caught);
    panic_here();
}

void exception_passes_a_catch_point_and_leaves_it_behind()
{
    reset();
    weft_panic_info info;
    CHECK(weft_catch_unwind(catches_inside, nullptr, &info) == WEFT_PANICKED);
    CHECK(std::strcmp(info.message, "in C++") == 0);
    CHECK(is_open());
}

void adds_one(void *arg)
{
    weft_thread_sleep_until(weft_deadline_after_ms(3));
    ++*static_cast<int *>(arg);
}

void exception_joins_a_scope()
{
    int done = 0;
    bool caught = false;
    try {
        WEFT_SCOPE(s) {
            weft_require(weft_scope_spawn(&s, adds_one, &done) == WEFT_OK);
            throws(nullptr);
        }
    } catch (const std::runtime_error &) {
        caught = done == 1;
    }
    CHECK(caught);
}

void panics_in_thread(void *)
{
    weft_panic("of the thread");
}

void exception_goes_on_over_the_panic_of_a_scoped_thread()
{
    reset();
    bool caught = false;
    try {
        tracked here;
        WEFT_SCOPE(s) {
            weft_require(weft_scope_spawn(&s, panics_in_thread, nullptr) ==
                         WEFT_OK);
            throws(nullptr);
        }
    } catch (const std::runtime_error &) {
        caught = true;
    }
    CHECK(caught);
    CHECK(destroyed == 1);
}

struct scoped_in_destructor {
    ~scoped_in_destructor()
    {
        weft_status status = weft_catch_unwind(
            [](void *) {
                WEFT_SCOPE(s) {
                    weft_require(weft_scope_spawn(&s, panics_in_thread,
                                                  nullptr) == WEFT_OK);
                    break;
                }
            },
            nullptr, nullptr);
        CHECK(status == WEFT_PANICKED);
    }
};

void scope_in_a_destructor_reports_its_own()
{
    bool caught = false;
    try {
        scoped_in_destructor here;
        throws(nullptr);
    } catch (const std::runtime_error &) {
        caught = true;
    }
    CHECK(caught);
}

// ---- ways that abort

int signal_of(void (*fn)())
{
    std::fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)std::freopen("/dev/null", "w", stderr);
        (void)std::signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    int status = 0;
    (void)waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void swallows(void *)
{
    try {
        panic_here();
    } catch (...) { // does not rethrow
    }
}

void swallow()
{
    (void)!weft_catch_unwind(swallows, nullptr, nullptr);
}

void *throws_in_thread(void *)
{
    throws(nullptr);
    return nullptr;
}

void throw_out_of_a_thread()
{
    weft_thread t;
    if (weft_thread_spawn(&t, throws_in_thread, nullptr) == WEFT_OK) {
        (void)!weft_thread_join(&t, nullptr);
    }
}

void what_cannot_go_on_aborts()
{
    CHECK(signal_of(swallow) == SIGABRT);
    CHECK(signal_of(throw_out_of_a_thread) == SIGABRT);
}

void quiet(const weft_panic_info *, const char *)
{
}

} // namespace

int main()
{
    (void)weft_panic_set_hook(quiet);
    panic_runs_destructors_and_poisons();
    panic_passes_a_catch_all_that_rethrows();
    cleanup_may_throw_if_it_catches();
    exception_releases_a_guard_and_does_not_poison();
    exception_passes_a_catch_point_and_leaves_it_behind();
    exception_joins_a_scope();
    exception_goes_on_over_the_panic_of_a_scoped_thread();
    scope_in_a_destructor_reports_its_own();
    what_cannot_go_on_aborts();
    if (failures == 0) {
        std::puts("cxx: all passed");
    }
    return failures != 0;
}
