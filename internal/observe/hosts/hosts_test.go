package hosts

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	guarded := Guard([]string{"localhost", "web1"}, "name it in hosts", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for host, want := range map[string]int{
		"localhost": 204, "localhost:9490": 204, "LOCALHOST:1": 204, "web1:9490": 204,
		"127.0.0.1": 204, "127.0.0.1:9490": 204, "[::1]:9490": 204, "[::1]": 204, "10.1.2.3:9490": 204,
		"evil.example": 421, "evil.example:9490": 421, "web1.evil.example:9490": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example:9490": 421,
		"":           204, // HTTP/1.0, as checks of load balancers speak it; no browser leaves it out
		"localhost.": 204, "WEB1.:9490": 204, "web1..": 421, ".": 421, ".:9490": 421, ":9490": 421, "localhost:1:2": 421,
	} {
		r, answer := httptest.NewRequest("GET", "/metrics", nil), httptest.NewRecorder()
		r.Host = host
		guarded.ServeHTTP(answer, r)
		if answer.Code != want || want == 421 && !strings.Contains(answer.Body.String(), "name it in hosts") {
			t.Errorf("%q: %d %s, want %d", host, answer.Code, answer.Body, want)
		}
	}
}
