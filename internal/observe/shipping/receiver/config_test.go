package receiver

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHeaderFiles: a header's value comes from its file, as that is at the time of the request, and the other's from the configuration.
func TestHeaderFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("X-Api-Key")+" "+r.Header.Get("X-Scope-OrgID"))
	}))
	defer server.Close()
	c := Config{URL: server.URL, Timeout: time.Minute, Headers: []Header{{Name: "X-Api-Key", File: file}, {Name: "X-Scope-OrgID", Value: "shop"}}}
	write("first\n")
	r, err := New(c, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, text := range []string{"first\n", "second"} {
		write(text)
		if _, err := r.Post(context.Background(), "text/plain", nil); err != nil {
			t.Error(err)
		}
	}
	write("two\nlines")
	if _, err := r.Post(context.Background(), "text/plain", nil); err == nil || !strings.Contains(err.Error(), "headerFiles.X-Api-Key: "+file+" must hold one line") {
		t.Error(err)
	}
	if want := []string{"first shop", "second shop"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHeadersChecked: a file that isn't there, and one whose secret would be sent without encryption; and which headers seem to be secrets is said by
// their names alone.
func TestHeadersChecked(t *testing.T) {
	c := Config{URL: "http://store.example.com", Headers: []Header{
		{Name: "X-Api-Key", File: filepath.Join(t.TempDir(), "none")}, {Name: "DD-API-KEY", Value: "hunter2"}, {Name: "X-Scope-OrgID", Value: "shop"},
	}}
	problems := c.Check()
	if len(problems) != 2 || !strings.Contains(problems[0].Error(), "headerFiles.X-Api-Key: ") || !strings.Contains(problems[1].Error(), "url: must begin with https://") {
		t.Errorf("%v", problems)
	}
	warnings := c.Warnings()
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "headers.DD-API-KEY: ") || strings.Contains(warnings[0], "hunter2") {
		t.Errorf("%q", warnings)
	}
}
