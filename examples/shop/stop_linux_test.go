package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestLeakTakesMemory(t *testing.T) {
	api, url := startAPI(t)
	before := residentMiB(t, api.cmd.Process.Pid)
	must(t, http.MethodGet, url+"/leak?mib=0", "", http.StatusBadRequest)
	must(t, http.MethodGet, url+"/leak?mib=64", "", http.StatusOK)
	must(t, http.MethodGet, url+"/leak?mib=64", "", http.StatusOK)
	if grown := residentMiB(t, api.cmd.Process.Pid) - before; grown < 120 {
		t.Errorf("two leaks of 64 MiB took %d MiB, want at least 120", grown)
	}
}

func residentMiB(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib >> 10
}

func TestStopsGracefully(t *testing.T) {
	api, url := startAPI(t)
	worker, _ := startWorker(t, url)
	must(t, http.MethodGet, url+"/hang", "", http.StatusOK) // even so
	must(t, http.MethodPost, url+"/orders", "slow", http.StatusCreated)
	worker.await(`"slow"`)
	for _, p := range []*program{worker, api} {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.await("stopped")
		if code := p.exitCode(); code != 0 {
			t.Errorf("%s: exit code %d after SIGTERM, want 0", p.cmd.Path, code)
		}
	}
}

func TestStopsDuringASlowStart(t *testing.T) {
	api := start(t, "api", "-addr", "127.0.0.1:0", "-boot", "1h")
	api.await("pid") // the signal handler stands before this line
	if err := api.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := api.exitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}
