package alertmanager

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// body is what Alertmanager sends for a group of two alerts.
func body(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "webhook-v4.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func post(h http.Handler, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for k := 0; k+1 < len(header); k += 2 {
		r.Header.Set(header[k], header[k+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWebhook(t *testing.T) {
	var told []notice.Notice
	h := Handler("", func(n []notice.Notice) { told = append(told, n...) })
	for range 2 { // as where the first answer was lost
		if w := post(h, body(t)); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if len(told) != 2 || told[0].Over || !told[1].Over {
		t.Fatalf("%+v", told)
	}
	m := notice.Writer{Language: notice.Chinese, Machine: "m1"}.Write(&told[0])
	if m.Title != "告警：DarumaProgramNotReady (m1)" || m.Facts[0].Value != "api of shop isn't ready" || m.Level != notice.Bad || m.Command != "" ||
		!strings.Contains(m.Facts[1].Value, "program=api, service=shop, severity=critical") {
		t.Errorf("%+v", m)
	}
	m = notice.Writer{}.Write(&told[1])
	if m.Title != "Resolved: RequestRate, after 3 min" || m.Level != notice.Good {
		t.Errorf("%+v", m)
	}
}

func TestRefused(t *testing.T) {
	h := Handler("t0ken", func([]notice.Notice) { t.Error("told") })
	good := []string{"Authorization", "Bearer t0ken"}
	for _, c := range []struct {
		body   string
		header []string
		code   int
	}{
		{body(t), nil, http.StatusUnauthorized},
		{body(t), []string{"Authorization", "Bearer other"}, http.StatusUnauthorized},
		{body(t), append(good, "Origin", "http://127.0.0.1:9490"), http.StatusForbidden},
		{body(t), append(good, "Sec-Fetch-Site", "same-origin"), http.StatusForbidden},
		{body(t), append(good, "Content-Type", "text/plain"), http.StatusUnsupportedMediaType},
		{"{", good, http.StatusBadRequest},
		{"{}", good, http.StatusBadRequest},
		{`{"version":"5","alerts":[{}]}`, good, http.StatusBadRequest},
		{`{"version":"4","alerts":[]}`, good, http.StatusBadRequest},
		{strings.Repeat(" ", maxBody+1), good, http.StatusRequestEntityTooLarge},
	} {
		if w := post(h, c.body, c.header...); w.Code != c.code {
			t.Errorf("%.30q %v: %d, want %d: %s", c.body, c.header, w.Code, c.code, w.Body)
		}
	}
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequest(http.MethodGet, Path, nil))
	if r.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", r.Code)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"a"}}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		notices, err := parse([]byte(body), time.Unix(1e9, 0))
		for k := range notices {
			notice.Writer{}.Write(&notices[k])
		}
		if err == nil && len(notices) == 0 {
			t.Error("neither a notice nor an error")
		}
	})
}
