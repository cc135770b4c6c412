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

// TestListed: an address is the same however it is written, in the list and in the request; browsers write IPv6 in its shortest form (RFC 5952).
func TestListed(t *testing.T) {
	names := []string{"shop.example.com.", "2001:0db8:0:0::1", "2001:DB8::2", "::ffff:10.0.0.1", "fe80::1%eth0", "10.0.0.2", "."}
	for host, want := range map[string]bool{
		"shop.example.com": true, "SHOP.example.com.:443": true, "[2001:db8::1]:443": true, "[2001:db8::1]": true, "[2001:db8::2]": true,
		"[2001:0db8::0001]": true, "[::ffff:a00:1]:443": true, "10.0.0.1": true, "[fe80::1]": true, "[::ffff:10.0.0.2]": true,
		"[2001:db8::3]:443": false, "2001": false, "": false, ".": false, "10.0.0.3": false,
	} {
		if Listed(host, names) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}
