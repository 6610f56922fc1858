package sqlstore

import (
	"sync"

	"modernc.org/libc"
)

// holdMemory keeps the SQLite driver from asking the kernel for memory, and giving it
// back, for each text that it binds. Its allocator keeps pieces of one size together
// in pages and unmaps a page when the last piece in it is freed, which for the larger
// sizes is after every statement. One small piece of each size, 32 KiB together, that
// is never freed keeps the pages. A seventh of the time of a commit went there.
var holdMemory = sync.OnceFunc(func() { //nolint:gochecknoglobals // the allocator is one for the process
	thread := libc.NewTLS()
	for size := 16; size <= 16<<10; size *= 2 {
		libc.Xmalloc(thread, libc.Tsize_t(size))
	}
})
