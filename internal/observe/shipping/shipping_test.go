package shipping

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/observe/shipping/elastic"
	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
	"github.com/daruma-sh/daruma/internal/observe/shipping/tail"
)

// machine is a folder with the logs of services.
type machine struct {
	t      *testing.T
	root   string
	closed atomic.Value // the service whose folder can't be read, a string
}

func newMachine(t *testing.T) *machine { return &machine{t: t, root: t.TempDir()} }

func (m *machine) logs() *tail.Logs {
	return &tail.Logs{
		Services: func() ([]string, error) {
			entries, err := os.ReadDir(m.root)
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			return names, err
		},
		Folder: func(service string) (string, error) {
			if m.closed.Load() == service {
				return "", fs.ErrPermission
			}
			return filepath.Join(m.root, service), nil
		},
	}
}

// log gives the log of a program, which is rotated often.
func (m *machine) log(service, program string) *logfile.Writer {
	m.t.Helper()
	dir := filepath.Join(m.root, service)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		m.t.Fatal(err)
	}
	w, err := logfile.NewWriter(filepath.Join(dir, program+".log"), logfile.Settings{MaxSize: 10_000, MaxFiles: 10_000})
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { w.Close() })
	return w
}

// write writes numbered lines.
func (m *machine) write(w io.Writer, what string, from, to int) (lines []string) {
	m.t.Helper()
	for i := from; i < to; i++ {
		lines = append(lines, fmt.Sprintf("%s %d", what, i))
		if _, err := fmt.Fprintln(w, lines[len(lines)-1]); err != nil {
			m.t.Fatal(err)
		}
	}
	return lines
}

// stored is what a store has of a line.
type stored struct{ source, text string }

// store takes records and knows each by its name, as a store does that drops what it has.
type store struct {
	t *testing.T
	*httptest.Server

	mu      sync.Mutex
	records map[string]stored // by name
	order   []string          // names as they came first
	twice   int               // records that it had
	come    chan struct{}     // closed when something has come

	before func(w http.ResponseWriter, body string, n int) bool // false: it has answered, and the request isn't stored
	after  func(n int)                                          // the request is stored and not answered
	refuse func(text string) int                                // status of a record; 0: it is taken
	n      int                                                  // requests
}

func newStore(t *testing.T) *store {
	s := &store{t: t, records: map[string]stored{}, come: make(chan struct{})}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			s.t.Error(err)
			return
		}
		body = z
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return // the sender was killed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	if s.before != nil && !s.before(w, string(data), s.n) {
		return
	}
	if strings.HasSuffix(r.URL.Path, "/_bulk") {
		s.takeBulk(w, data)
	} else {
		s.takeOTLP(data)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}
	close(s.come)
	s.come = make(chan struct{})
	if s.after != nil {
		s.after(s.n)
	}
}

func (s *store) put(id string, one stored) {
	if had, ok := s.records[id]; ok {
		s.twice++
		if had != one {
			s.t.Errorf("%s is %q, and was %q", id, one, had)
		}
		return
	}
	s.records[id] = one
	s.order = append(s.order, id)
}

// fields calls each for the fields of a message that hold bytes.
func fields(t *testing.T, b []byte, each func(number protowire.Number, value []byte)) {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		if kind == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(b)
			each(number, v)
		}
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
	}
}

// attributes reads those of a message that are texts.
func attributes(t *testing.T, b []byte, number protowire.Number) map[string]string {
	all := map[string]string{}
	fields(t, b, func(n protowire.Number, kv []byte) {
		if n != number {
			return
		}
		var key, value string
		fields(t, kv, func(n protowire.Number, v []byte) {
			if n == 1 {
				key = string(v)
				return
			}
			fields(t, v, func(_ protowire.Number, v []byte) { value = string(v) })
		})
		all[key] = value
	})
	return all
}

func (s *store) takeOTLP(data []byte) {
	fields(s.t, data, func(_ protowire.Number, resourceLogs []byte) {
		var source string
		fields(s.t, resourceLogs, func(n protowire.Number, v []byte) {
			if n == 1 {
				a := attributes(s.t, v, 1)
				source = a["service.name"] + "/" + a["process.executable.name"] + "@" + a["host.name"]
				return
			}
			fields(s.t, v, func(_ protowire.Number, record []byte) {
				one := stored{source: source}
				fields(s.t, record, func(n protowire.Number, v []byte) {
					if n == 5 {
						fields(s.t, v, func(_ protowire.Number, v []byte) { one.text = string(v) })
					}
				})
				s.put(attributes(s.t, record, 6)["log.record.uid"], one)
			})
		})
	})
}

// takeBulk does what Elasticsearch does: a record that it has is a conflict.
func (s *store) takeBulk(w http.ResponseWriter, data []byte) {
	var items []string
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	failed := false
	for i := 0; i+1 < len(lines); i += 2 {
		var action struct {
			Create struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			} `json:"create"`
		}
		var record map[string]any
		if err := errors.Join(json.Unmarshal([]byte(lines[i]), &action), json.Unmarshal([]byte(lines[i+1]), &record)); err != nil {
			s.t.Error(err)
			return
		}
		text := record["message"].(string)
		one := stored{fmt.Sprintf("%s/%s@%s", record["service.name"], record["process.name"], record["host.name"]), text}
		status := 0
		if s.refuse != nil {
			status = s.refuse(text)
		}
		if _, had := s.records[action.Create.ID]; had && status == 0 {
			status = 409
		}
		if status == 0 || status == 409 {
			s.put(action.Create.ID, one)
		}
		failed = failed || status != 0
		items = append(items, fmt.Sprintf(`{"create":{"status":%d}}`, cmp.Or(status, 201)))
	}
	fmt.Fprintf(w, `{"errors":%t,"items":[%s]}`, failed, strings.Join(items, ","))
}

// texts gives the lines of a source in the order in which they came first.
func (s *store) texts(source string) (texts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		if s.records[id].source == source {
			texts = append(texts, s.records[id].text)
		}
	}
	return texts
}

// await waits until the store has so many records.
func (s *store) await(n int) {
	s.t.Helper()
	for {
		s.mu.Lock()
		have, come := len(s.records), s.come
		s.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-come:
		case <-s.t.Context().Done():
			s.t.Fatalf("%d records came, want %d", have, n)
		}
	}
}

// said collects the lines of the observer's log, and how long it waited.
type said struct {
	t     *testing.T
	mu    sync.Mutex
	list  []string
	more  chan struct{}   // closed when something is said
	waits []time.Duration // without those for something to be written
}

// all gives the lines.
func (s *said) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.list, "\n")
}

// pause notes how long it is, and is short.
func (s *said) pause(ctx context.Context, d time.Duration) {
	if d != lookEvery {
		s.mu.Lock()
		s.waits = append(s.waits, d)
		s.mu.Unlock()
	}
	sleep(ctx, min(d, 5*time.Millisecond))
}

func (s *said) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, line)
	if s.more != nil {
		close(s.more)
		s.more = nil
	}
}

// await waits until so many lines are there.
func (s *said) await(n int) {
	s.t.Helper()
	for {
		s.mu.Lock()
		if len(s.list) >= n {
			s.mu.Unlock()
			return
		}
		if s.more == nil {
			s.more = make(chan struct{})
		}
		more := s.more
		s.mu.Unlock()
		select {
		case <-more:
		case <-s.t.Context().Done():
			s.t.Fatalf("%d lines were said, want %d", len(s.list), n)
		}
	}
}

// target is one for tests.
func target(url string, change ...func(*Target)) Target {
	t := Target{Name: "store", Type: "otlp", Index: elastic.DefaultIndex, Config: receiver.Default(), MaxBatch: minBatch}
	t.URL = url
	for _, c := range change {
		c(&t)
	}
	return t
}

func ofType(kind string) func(*Target) { return func(t *Target) { t.Type = kind } }

// start ships until stop is called, which the end of the test does, too.
func start(t *testing.T, m *machine, state string, s *said, targets ...Target) (stop func()) {
	t.Helper()
	shipper, err := Open(Options{Config: Config{Machine: "web-1", Targets: targets}, State: state, Say: s.say, logs: m.logs(), pause: s.pause, every: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	end := run(shipper)
	stop = sync.OnceFunc(func() {
		end()
		shipper.Close()
	})
	t.Cleanup(stop)
	return stop
}

// run ships until stop is called.
func run(s *Shipper) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		s.Run(ctx)
		close(done)
	}()
	return func() {
		cancel()
		<-done
	}
}

// TestShips: what programs have written and write arrives, in order, once, with what it is from; a second observer goes on where the first was.
func TestShips(t *testing.T) {
	for _, kind := range Types() {
		t.Run(kind, func(t *testing.T) { testShips(t, kind) })
	}
}

func testShips(t *testing.T, kind string) {
	m, s, log := newMachine(t), newStore(t), &said{t: t}
	api, worker := m.log("shop", "api"), m.log("shop", "worker")
	state := t.TempDir()
	want := m.write(api, "api", 0, 2000)
	m.write(worker, "worker", 0, 10)
	stop := start(t, m, state, log, target(s.URL, ofType(kind)))
	s.await(2010)
	want = append(want, m.write(api, "api", 2000, 3000)...)
	m.write(m.log("mail", "smtp"), "smtp", 0, 5) // comes later
	s.await(3015)
	stop()
	want = append(want, m.write(api, "api", 3000, 4000)...)
	start(t, m, state, log, target(s.URL, ofType(kind)))
	s.await(4015)
	if got := s.texts("shop/api@web-1"); !slices.Equal(got, want) {
		t.Errorf("%d lines of api, want %d", len(got), len(want))
	}
	if w, o := s.texts("shop/worker@web-1"), s.texts("mail/smtp@web-1"); len(w) != 10 || len(o) != 5 || o[4] != "smtp 4" {
		t.Errorf("%q, %q", w, o)
	}
	if s.twice > 0 || len(log.list) > 0 {
		t.Errorf("%d came twice; said: %q", s.twice, log.list)
	}
}
