package metrics

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
)

// promtool, which Debian's package prometheus has, has nothing to say about the metrics: neither about their syntax nor about their names.
func TestPromtool(t *testing.T) {
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("DARUMA_CI") != "" {
			t.Fatalf("DARUMA_CI is set, and %v: .ci/run installs it", err)
		}
		t.Skipf("%v: on Debian, apt-get install prometheus", err)
	}
	answer := httptest.NewRecorder()
	c := NewCollector(shop(), "1.0.0")
	c.ShowShipping(shipped)
	Server(c).Handler.ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for text, fine := range map[string]bool{answer.Body.String(): true, "daruma_Wrong_name_total 1\n": false} {
		check := exec.Command(path, "check", "metrics")
		in, err := check.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = in.Write([]byte(text))
			in.Close()
		}()
		if out, err := check.CombinedOutput(); (err == nil && len(out) == 0) != fine {
			t.Errorf("promtool says %q, %v of\n%s", out, err, text)
		}
	}
}
