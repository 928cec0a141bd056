import Foundation
import TestSupport

/// Counts the work of the program without a clock: the bytes that it allocates, copies, fills and compares.
///
/// A library that is loaded before libc counts the calls of `malloc`, `memcpy`, `memcmp` and their kin. The counts of
/// two runs differ by very little, however busy the machine is.
final class WorkCounter: Sendable {
    private let directory: TemporaryDirectory

    /// Compiles the library.
    init() throws {
        directory = try TemporaryDirectory()
        let source = try directory.write(Array(Self.source.utf8), to: "counter.c")
        try Program.output([
            "clang", "-O1", "-fno-builtin", "-shared", "-fPIC", "-o", directory.path("counter.so"), source, "-ldl",
        ])
    }

    /// Runs the program, which must end with a status.
    ///
    /// - Returns: the work in bytes.
    func work(_ arguments: [String], status: Int32 = 0, in workspace: TemporaryDirectory) throws -> UInt64 {
        let counter = try directory.write([UInt8](repeating: 0, count: 8), to: "count-\(UUID().uuidString)")
        let outcome = try Dockertools.run(
            arguments, environment: ["LD_PRELOAD": directory.path("counter.so"), "WORK_COUNTER": counter],
            in: workspace.path)
        guard outcome.status == status else { throw Program.Failed(arguments, outcome) }
        return try [UInt8](Data(contentsOf: URL(fileURLWithPath: counter))).reversed().reduce(0) {
            $0 << 8 | UInt64($1)
        }
    }

    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <stddef.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <unistd.h>

        static unsigned long early, *counter = &early;
        static void *(*copy)(void *, const void *, size_t);
        static void *(*move)(void *, const void *, size_t);
        static void *(*fill)(void *, int, size_t);
        static int (*compare)(const void *, const void *, size_t);
        void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
        void *__libc_memalign(size_t, size_t);

        static void add(size_t bytes) { __atomic_fetch_add(counter, bytes, __ATOMIC_RELAXED); }

        __attribute__((constructor)) static void start(void) {
            copy = dlsym(RTLD_NEXT, "memcpy");
            move = dlsym(RTLD_NEXT, "memmove");
            fill = dlsym(RTLD_NEXT, "memset");
            compare = dlsym(RTLD_NEXT, "memcmp");
            const char *path = getenv("WORK_COUNTER");
            int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
            void *place = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
            if (place != MAP_FAILED) counter = place;
            if (file >= 0) close(file);
        }

        void *malloc(size_t size) { add(size + 16); return __libc_malloc(size); }
        void *calloc(size_t count, size_t size) { add(count * size + 16); return __libc_calloc(count, size); }
        void *realloc(void *old, size_t size) { add(size + 16); return __libc_realloc(old, size); }
        void *aligned_alloc(size_t alignment, size_t size) { add(size + 16); return __libc_memalign(alignment, size); }
        int posix_memalign(void **place, size_t alignment, size_t size) {
            add(size + 16);
            *place = __libc_memalign(alignment, size);
            return *place ? 0 : ENOMEM;
        }
        void *memcpy(void *to, const void *from, size_t size) {
            add(size);
            if (copy) return copy(to, from, size);
            for (size_t at = 0; at < size; at++) ((volatile char *)to)[at] = ((const char *)from)[at];
            return to;
        }
        void *memmove(void *to, const void *from, size_t size) {
            add(size);
            if (!move) move = dlsym(RTLD_NEXT, "memmove");
            return move(to, from, size);
        }
        void *memset(void *to, int byte, size_t size) {
            add(size);
            if (fill) return fill(to, byte, size);
            for (size_t at = 0; at < size; at++) ((volatile char *)to)[at] = byte;
            return to;
        }
        int memcmp(const void *left, const void *right, size_t size) {
            add(size);
            if (!compare) compare = dlsym(RTLD_NEXT, "memcmp");
            return compare(left, right, size);
        }
        """
}
