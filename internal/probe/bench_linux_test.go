package probe

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

// cpu is the processor time that this process has used, user and system.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// otherProcess runs nginx, so that getrusage counts the probing alone; without it a Go server in this process counts too.
func otherProcess(b *testing.B) (port int, separate bool) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	path, err := exec.LookPath("nginx")
	if err != nil {
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					conn.Read(make([]byte, 1024))                                                               //nolint:errcheck
					io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok") //nolint:errcheck
				}()
			}
		}()
		b.Cleanup(func() { l.Close() })
		return port, false
	}
	l.Close()
	dir := b.TempDir()
	config := "daemon off; master_process off; pid " + dir + "/pid; error_log stderr crit;\nevents {}\n" +
		"http { access_log off; server { listen 127.0.0.1:" + strconv.Itoa(port) + "; location / { return 200 ok; } } }\n"
	if err := os.WriteFile(dir+"/nginx.conf", []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(path, "-p", dir, "-c", dir+"/nginx.conf")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() }) //nolint:errcheck // it is killed
	for deadline := time.Now().Add(10 * time.Second); ; {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			conn.Close()
			return port, true
		}
		if time.Now().After(deadline) {
			b.Fatal("nginx doesn't answer: " + said.String())
		}
		runtime.Gosched()
	}
}

// BenchmarkHTTPProbe gives the processor time of one HTTP probe, as a metric: wall time would count the server's share.
func BenchmarkHTTPProbe(b *testing.B) {
	p, separate := otherProcess(b)
	h := definition.Handler{HTTPGet: &definition.HTTPGetAction{Port: p, Path: "/"}}
	b.ReportAllocs()
	before := cpu()
	for b.Loop() {
		if r := timed(h); !r.OK {
			b.Fatal(r.Message)
		}
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "µs-cpu/probe")
	if !separate {
		b.Log("without nginx: the server's processor time is counted, too")
	}
}

// BenchmarkThousandWorkers runs 1,000 workers with a period of 10 s against nginx, in real time, for two periods.
func BenchmarkThousandWorkers(b *testing.B) {
	const workers, period, beats = 1000, 10 * time.Second, 2
	p, separate := otherProcess(b)
	probe := definition.Probe{Handler: definition.Handler{HTTPGet: &definition.HTTPGetAction{Port: p, Path: "/"}},
		Period: period, Timeout: time.Second, SuccessThreshold: 1, FailureThreshold: 3}
	for b.Loop() {
		var bad atomic.Int64
		var m0, m1 runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m0)
		scheduler := NewScheduler()
		var all []*Worker
		for range workers {
			all = append(all, scheduler.Start(b.Context(), Config{Probe: probe, Kind: Liveness, Report: func(Outcome) { bad.Add(1) }}))
		}
		runtime.GC()
		runtime.ReadMemStats(&m1)
		before := cpu()
		time.Sleep(beats * period) // sleep: what is measured is the time in between
		used := cpu() - before
		var asked, failed uint64
		var wait sync.WaitGroup
		for _, w := range all {
			l := w.Last()
			asked, failed = asked+l.Probes, failed+l.Failed
			wait.Go(w.Stop)
		}
		wait.Wait()
		if failed > 0 || bad.Load() > 0 || asked < workers*beats*98/100 {
			b.Fatalf("%d asked, %d failed, %d reports", asked, failed, bad.Load())
		}
		b.ReportMetric(100*used.Seconds()/(beats*period).Seconds(), "%-of-a-core")
		b.ReportMetric(float64(m1.HeapAlloc-m0.HeapAlloc)/workers, "B/worker")
		b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
	}
	if !separate {
		b.Log("without nginx: the server's processor time is counted, too")
	}
}

// timed carries out one probe as a worker does.
func timed(h definition.Handler) Result {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return Run(ctx, h, nil)
}
