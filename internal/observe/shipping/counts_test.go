package shipping

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/daruma-sh/daruma/internal/observe/shipping/otlp"
)

// TestCounts: what the receiver takes, refuses and answers is counted; what is on its way has an age, and none when it has arrived.
func TestCounts(t *testing.T) {
	for _, kind := range Types() {
		t.Run(kind, func(t *testing.T) {
			m, s, log := newMachine(t), newStore(t), &said{t: t}
			shipper, err := Open(Options{Config: Config{Machine: "web-1", Targets: []Target{target(s.URL, ofType(kind), func(t *Target) { t.Gzip = false })}},
				State: t.TempDir(), Say: log.say, logs: m.logs(), pause: log.pause, every: 20 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			defer shipper.Close()
			begun := time.Now().Add(-time.Minute)
			s.before = func(w http.ResponseWriter, body string, n int) bool {
				switch {
				case n == 1:
					if at := shipper.Counts()[0].Oldest; at.Before(begun) || at.After(time.Now()) {
						t.Errorf("%v is on its way", at)
					}
					http.Error(w, "busy", http.StatusServiceUnavailable)
				case n == 2:
					panic(http.ErrAbortHandler)
				case strings.Contains(body, "poison"):
					http.Error(w, "no", http.StatusBadRequest)
				default:
					return true
				}
				return false
			}
			api := m.log("shop", "api")
			m.write(api, "api", 0, 10)
			m.write(api, "poison", 0, 1)
			m.write(api, "api", 10, 20)
			stop := run(shipper)
			s.await(20)
			log.await(3) // it doesn't arrive, it is left out, it arrives again
			stop()
			got := shipper.Counts()[0]
			failed := maps.Clone(got.FailedRequests)
			if delete(failed, "4xx"); failed["5xx"] != 1 || failed["none"] != 1 || failed["3xx"] != 0 || got.FailedRequests["4xx"] < 2 {
				t.Errorf("%v", got.FailedRequests)
			}
			if got.Lines != 20 || got.Bytes != 10*5+10*6 || got.Refused != 1 || !got.Oldest.IsZero() || got.Target != "store" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestCountsOfPartialSuccess: what a receiver of OTLP drops of a request that it takes counts as refused, and not as taken too. It says how many
// records, not which.
func TestCountsOfPartialSuccess(t *testing.T) {
	for rejected, want := range map[uint64][3]uint64{3: {7, 50, 3}, 10: {0, 0, 10}, 99: {0, 0, 10}} { // lines, bytes, refused
		m, s, log := newMachine(t), newStore(t), &said{t: t}
		s.before = func(w http.ResponseWriter, _ string, _ int) bool {
			partial := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), rejected)
			w.Header().Set("Content-Type", otlp.ContentType)
			_, _ = w.Write(protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), partial))
			return false
		}
		shipper, err := Open(Options{Config: Config{Machine: "web-1", Targets: []Target{target(s.URL)}}, State: t.TempDir(), Say: log.say,
			logs: m.logs(), pause: log.pause, every: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		m.write(m.log("shop", "api"), "api", 0, 10)
		stop := run(shipper)
		log.await(1) // it refused some
		stop()
		if c := shipper.Counts()[0]; c.Lines != want[0] || c.Bytes != want[1] || c.Refused != want[2] {
			t.Errorf("%d rejected: %+v, want %v", rejected, c, want)
		}
		shipper.Close()
	}
}
