package shipper

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

var update = flag.Bool("update", false, "write docs/shipping.md and the golden files anew")

// shop is the service that docs/shipping.md has the configurations of.
func shop() Service {
	return Service{Name: "shop", Folder: "/var/log/daruma/shop", Programs: []Program{{Name: "api", JSON: true}, {Name: "worker"}}}
}

// config is Config where it must work.
func config(t *testing.T, shipper string, s Service) (text string, warnings []string) {
	t.Helper()
	text, warnings, err := Config(shipper, s)
	if err != nil {
		t.Fatal(err)
	}
	if shipper != "alloy" {
		var any map[string]any
		if err := yaml.Unmarshal([]byte(text), &any); err != nil {
			t.Errorf("%s: %v in\n%s", shipper, err, text)
		}
	}
	return text, warnings
}

// TestPageShowsWhatIsPrinted: each block of docs/shipping.md that follows a comment with the command is what the command prints.
func TestPageShowsWhatIsPrinted(t *testing.T) {
	const page = "../../../docs/shipping.md"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, name := range Names() {
		want, _ := config(t, name, shop())
		mark := fmt.Sprintf("<!-- daruma logs shipper %s shop -->\n```", name)
		before, rest, found := strings.Cut(text, mark)
		language, rest, _ := strings.Cut(rest, "\n")
		got, after, closed := strings.Cut(rest, "```\n")
		switch {
		case !found || !closed:
			t.Errorf("%s has no block after %q", page, mark)
		case got != want && *update:
			text = before + mark + language + "\n" + want + "```\n" + after
		case got != want:
			t.Errorf("%s has for %s\n%s\nwant\n%s\n(go test ./internal/logs/shipper -update writes it anew)", page, name, got, want)
		}
	}
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWindows: its paths, in each shipper's own way of quoting; and programs whose files begin alike.
func TestWindows(t *testing.T) {
	s := Service{Name: "shop", Folder: `C:\ProgramData\daruma\shop\logs`, Windows: true, Programs: []Program{
		{Name: "api", JSON: true, Compress: true}, {Name: "old-one", Alike: 700, FirstLine: true}, {Name: "worker", Compress: true}}}
	for _, name := range Names() {
		got, warnings := config(t, name, s)
		got += "\n--- stderr\n" + strings.Join(warnings, "\n") + "\n"
		path := filepath.Join("testdata", "windows-"+name+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s\n(go test ./internal/logs/shipper -update writes it anew)", path, got, want)
		}
	}
}

// TestPatterns: the files that are there, those that matter and no others.
func TestPatterns(t *testing.T) {
	dir := t.TempDir()
	rotated := logfile.Rotated{Seq: 41, Stamp: "20261122T102938Z"}
	for name, wanted := range map[string]bool{
		"api.log": true, rotated.Name("api"): true,
		"api.log.idx": false, "api.log.tmp": false, rotated.Name("api") + logfile.IndexExt: false, rotated.Name("api") + logfile.GzipExt: false,
		rotated.Compressed("api"): false, "api-2.log": false, rotated.Name("api-2"): false, "daruma.log": false,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		found := false
		for _, pattern := range (Service{Folder: filepath.ToSlash(dir)}).paths(Program{Name: "api"}) {
			matched, err := filepath.Match(filepath.FromSlash(pattern), path)
			if err != nil {
				t.Fatal(err)
			}
			found = found || matched
		}
		if found != wanted {
			t.Errorf("%s: followed %v, want %v", name, found, wanted)
		}
	}
}

// TestEqualBeginningsAreSaid: files with the same banner fool a fingerprint; files without don't.
func TestEqualBeginningsAreSaid(t *testing.T) {
	banner := strings.Repeat("* the shop's worker, licensed to nobody *\n", 40)
	for _, c := range []struct {
		name      string
		texts     []string
		firstLine bool
		alike     int64
		json      bool
		says      map[string]string // by shipper, in the text
	}{
		{"a banner", []string{banner + "1 a\n", banner + "2 b\n", "x\n"}, true, int64(len(banner)), false,
			map[string]string{"otel": "fingerprint_size: 4KiB", "alloy": `"4KiB"`, "vector": "device_and_inode", "filebeat": "file_identity.native", "fluent-bit": "db:"}},
		{"none", []string{"1 a\n", "2 b\n"}, false, 0, false, map[string]string{"vector": "strategy: checksum"}},
		{"one file", []string{banner}, false, 0, false, map[string]string{"otel": "WARNING: should worker ever begin"}},
		{"half a line", []string{"worker 12\n", "worker 13\n"}, false, 8, false, map[string]string{"vector": "strategy: checksum"}},
		{"json", []string{`{"@timestamp":"2026-11-22T10:29:38.123456Z","ecs.version":"8.11.0","service.name":"shop"}` + "\n",
			`{"@timestamp":"2026-11-22T10:29:38.123457Z","ecs.version":"8.11.0","service.name":"shop"}` + "\n"}, false, 40, true,
			map[string]string{"filebeat": "length: 64", "otel": "json_parser"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for i, text := range c.texts {
				name := "worker.log"
				if i > 0 {
					name = logfile.Rotated{Seq: uint64(i), Stamp: "20261122T102938Z"}.Name("worker")
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			found, err := logfile.Scan(dir)
			if err != nil {
				t.Fatal(err)
			}
			p := Program{Name: "worker"}
			p.Look(dir, found["worker"], false)
			if p.FirstLine != c.firstLine || p.Alike != c.alike || p.JSON != c.json {
				t.Errorf("%+v", p)
			}
			s := Service{Name: "shop", Folder: dir, Programs: []Program{p}}
			for shipper, says := range c.says {
				if text, _ := config(t, shipper, s); !strings.Contains(text, says) {
					t.Errorf("%s says nothing of %q:\n%s", shipper, says, text)
				}
			}
			if text, warnings := config(t, "otel", s); c.json != (len(warnings) == 0) {
				t.Errorf("warnings %q in\n%s", warnings, text)
			}
		})
	}
}

// TestUnknownShipper names those that there are.
func TestUnknownShipper(t *testing.T) {
	if _, _, err := Config("logstash", shop()); err == nil || !strings.Contains(err.Error(), "filebeat, otel, fluent-bit, vector, alloy") {
		t.Errorf("%v", err)
	}
}
