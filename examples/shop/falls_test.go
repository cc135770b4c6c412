package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// These tests run the real programs and make each of them fall in each way the README names.

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	return do(t, http.MethodGet, url, "")
}

func do(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// must asks and wants this status.
func must(t *testing.T, method, url, body string, status int) string {
	t.Helper()
	got, text := do(t, method, url, body)
	if got != status {
		t.Fatalf("%s %s: status %d (%s), want %d", method, url, got, strings.TrimSpace(text), status)
	}
	return text
}

// TestMetrics: requests are counted by route and answer, which the alerts on an application go by.
func TestMetrics(t *testing.T) {
	_, url := startAPI(t)
	must(t, http.MethodPost, url+"/orders", "tea", http.StatusCreated)
	must(t, http.MethodPost, url+"/orders", "", http.StatusBadRequest)
	must(t, http.MethodGet, url+"/no/such/place", "", http.StatusNotFound)
	text := must(t, http.MethodGet, url+"/metrics", "", http.StatusOK)
	for _, line := range []string{
		`http_request_duration_seconds_count{code="201",handler="POST /orders"} 1`,
		`http_request_duration_seconds_count{code="400",handler="POST /orders"} 1`,
		`http_request_duration_seconds_count{code="404",handler=""} 1`,
		`http_request_duration_seconds_bucket{code="201",handler="POST /orders",le="0.5"}`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("not in the metrics: %s", line)
		}
	}
}

func TestCrash(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		api, url := startAPI(t)
		must(t, method, url+"/crash", "", http.StatusOK)
		api.await("panic: somebody called /crash")
		if code := api.exitCode(); code != 2 {
			t.Errorf("%s /crash: exit code %d, want 2, Go's after a panic", method, code)
		}
	}
}

func TestExit(t *testing.T) {
	api, url := startAPI(t)
	must(t, http.MethodGet, url+"/exit?code=256", "", http.StatusBadRequest)
	must(t, http.MethodGet, url+"/exit?code=seven", "", http.StatusBadRequest)
	if answer := must(t, http.MethodGet, url+"/exit?code=7", "", http.StatusOK); !strings.Contains(answer, "7") {
		t.Errorf("the answer %q doesn't name the code", answer)
	}
	if code := api.exitCode(); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
}

func TestHang(t *testing.T) {
	_, url := startAPI(t)
	must(t, http.MethodGet, url+"/health", "", http.StatusOK)
	must(t, http.MethodGet, url+"/hang", "", http.StatusOK)
	// As a probe asks: with a timeout. A health check that answers anything at all would return before it.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := http.DefaultClient.Do(req); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a hung /health answered: %v, %v", resp, err)
	}
	must(t, http.MethodGet, url+"/ready", "", http.StatusOK) // the rest lives: nothing but the probe can tell
}

func TestUnready(t *testing.T) {
	_, url := startAPI(t)
	must(t, http.MethodGet, url+"/ready", "", http.StatusOK)
	must(t, http.MethodGet, url+"/unready?seconds=3600", "", http.StatusOK)
	must(t, http.MethodGet, url+"/ready", "", http.StatusServiceUnavailable)
	must(t, http.MethodGet, url+"/health", "", http.StatusOK)
	must(t, http.MethodGet, url+"/unready?seconds=0", "", http.StatusOK)
	must(t, http.MethodGet, url+"/ready", "", http.StatusOK)
}

func TestDrainRefusesOrders(t *testing.T) {
	_, url := startAPI(t)
	must(t, http.MethodPost, url+"/orders", "teapot", http.StatusCreated)
	must(t, http.MethodGet, url+"/drain", "", http.StatusOK)
	must(t, http.MethodPost, url+"/orders", "teapot", http.StatusServiceUnavailable)
	must(t, http.MethodGet, url+"/ready", "", http.StatusServiceUnavailable)
	must(t, http.MethodGet, url+"/health", "", http.StatusOK)
}

// orderIn is one order as GET /orders shows it.
type orderIn struct {
	ID       int
	Item     string
	State    string
	Attempts int
}

func orders(t *testing.T, url string) []orderIn {
	t.Helper()
	var list []orderIn
	if err := json.Unmarshal([]byte(must(t, http.MethodGet, url+"/orders", "", http.StatusOK)), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// awaitState asks for order id until it is in state. The api has no events to wait for; the pause is the poll's.
func awaitState(t *testing.T, url string, id int, state string) orderIn {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		list := orders(t, url)
		if len(list) >= id && list[id-1].State == state {
			return list[id-1]
		}
		if time.Now().After(end) {
			t.Fatalf("order %d isn't %q after %v: %+v", id, state, patience, list)
		}
		time.Sleep(10 * time.Millisecond) // sleep: between two questions over HTTP
	}
}

func TestOrdersAreDelivered(t *testing.T) {
	_, url := startAPI(t)
	startWorker(t, url)
	must(t, http.MethodPost, url+"/orders", "", http.StatusBadRequest)
	must(t, http.MethodPost, url+"/orders", strings.Repeat("x", 5000), http.StatusBadRequest)
	must(t, http.MethodPost, url+"/orders", "teapot\n", http.StatusCreated)
	if o := awaitState(t, url, 1, "done"); o.Item != "teapot" || o.Attempts != 1 {
		t.Errorf("delivered %+v, want one teapot at the first attempt", o)
	}
}

func TestPoisonCrashesThreeWorkersAndIsRejected(t *testing.T) {
	_, url := startAPI(t)
	must(t, http.MethodPost, url+"/orders", "poison", http.StatusCreated)
	must(t, http.MethodPost, url+"/orders", "teapot", http.StatusCreated)
	for range 3 {
		worker, _ := startWorker(t, url)
		worker.await("panic: the order was poison")
		if code := worker.exitCode(); code != 2 {
			t.Fatalf("exit code %d, want 2, Go's after a panic", code)
		}
	}
	startWorker(t, url) // what daruma does in the example
	if o := awaitState(t, url, 1, "rejected"); o.Attempts != 3 {
		t.Errorf("rejected after %d attempts, want 3", o.Attempts)
	}
	awaitState(t, url, 2, "done")
}

func TestQuitExitsWithOne(t *testing.T) {
	_, url := startAPI(t)
	worker, _ := startWorker(t, url)
	must(t, http.MethodPost, url+"/orders", "quit", http.StatusCreated)
	if code := worker.exitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

func TestStuckWorkerTurnsUnhealthy(t *testing.T) {
	_, url := startAPI(t)
	worker := start(t, "worker", "-api", url, "-health", "127.0.0.1:0", "-poll", "10ms", "-limit", "300ms")
	health := "http://" + address(worker.await("health on "), "health on ")
	must(t, http.MethodGet, health, "", http.StatusOK)
	must(t, http.MethodPost, url+"/orders", "stuck", http.StatusCreated)
	worker.await(`"stuck"`)
	for end := time.Now().Add(patience); ; {
		if status, answer := get(t, health); status == http.StatusServiceUnavailable {
			if !strings.Contains(answer, "no pulse") {
				t.Errorf("the answer %q doesn't say why", answer)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatal("a stuck worker still calls itself healthy")
		}
		time.Sleep(10 * time.Millisecond) // sleep: between two questions over HTTP
	}
}

func TestWorkerOutlivesTheAPI(t *testing.T) {
	api, url := startAPI(t)
	worker, _ := startWorker(t, url)
	api.cmd.Process.Kill()
	api.exitCode()
	worker.await("can't be reached")
	start(t, "api", "-addr", strings.TrimPrefix(url, "http://"))
	worker.await("answers again")
}

func TestOrdersSurviveAKill(t *testing.T) {
	data := t.TempDir()
	api, url := startAPI(t, "-data", data)
	for range 20 {
		must(t, http.MethodPost, url+"/orders", "teapot", http.StatusCreated)
	}
	must(t, http.MethodPost, url+"/worker/next", "", http.StatusOK)
	must(t, http.MethodPost, url+"/worker/done/1", "", http.StatusOK)
	must(t, http.MethodPost, url+"/worker/done/1", "", http.StatusConflict)
	api.cmd.Process.Kill()
	api.exitCode()

	journal, err := os.OpenFile(data+"/orders.jsonl", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.WriteString(`{"id":21,"item":"ha`); err != nil { // a kill in the middle of a write
		t.Fatal(err)
	}
	journal.Close()
	_, url = startAPI(t, "-data", data)
	must(t, http.MethodPost, url+"/orders", "kettle", http.StatusCreated)
	list := orders(t, url)
	if len(list) != 21 || list[0].State != "done" || list[1].State != "waiting" || list[20].Item != "kettle" {
		t.Errorf("%d orders read back: %+v", len(list), list)
	}
}
