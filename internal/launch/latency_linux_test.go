package launch

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// BenchmarkStart measures Start → first instruction of a small static program, on both ways. Without cgo, as daruma is shipped: the C library would add a millisecond.
//
//	CGO_ENABLED=0 go test -run xxx -bench Start -benchtime 1000x ./internal/launch
func BenchmarkStart(b *testing.B) {
	first := testbin.First(b)
	for name, launcher := range map[string]bool{"direct": false, "launcher": true} {
		b.Run(name, func(b *testing.B) {
			fifo := filepath.Join(b.TempDir(), "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				b.Fatal(err)
			}
			file, err := os.OpenFile(fifo, os.O_RDWR, 0)
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			lines := bufio.NewReader(file)
			p := Plan{Path: first, Argv: []string{"first", fifo, "exit", "0"}, UID: Leave, GID: Leave, NoNewPrivs: launcher}
			var took []int64
			for b.Loop() {
				took = append(took, startOnce(b, p, lines))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2])/1e3, "median-µs")
			b.ReportMetric(float64(took[len(took)*99/100])/1e3, "p99-µs")
		})
	}
}

// startOnce gives the nanoseconds from Start to the program's first instruction.
func startOnce(b *testing.B, p Plan, lines *bufio.Reader) int64 {
	begin := monotonic()
	pid, err := startNow(p, Attachments{Stdio: [3]uintptr{0, 1, 2}})
	if err != nil {
		b.Fatal(err)
	}
	line, err := lines.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	var at int64
	if _, err := fmt.Sscan(line, &at); err != nil {
		b.Fatal(err)
	}
	if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
		b.Fatal(err)
	}
	return at - begin
}

func monotonic() int64 {
	const clockMonotonic = 1
	var ts syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}
