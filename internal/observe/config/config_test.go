package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/observe/notice/channel"
	"github.com/daruma-sh/daruma/internal/observe/shipping"
)

func parse(src string) (Config, error) {
	return Parse([]byte(src), "observe.yaml", func(name string) (string, bool) { return "10.0.0.1", name == "ADDRESS" })
}

func TestParse(t *testing.T) {
	home := t.TempDir()
	t.Setenv("DARUMA_HOME", home)
	own := filepath.Join(home, ".observer", "state")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	every := func(seconds int) Textfile { return Textfile{Period: time.Duration(seconds) * time.Second} }
	text := Textfile{Folder: filepath.Join(here, "text"), Period: 30 * time.Second}
	of := func(listen string, text Textfile, folder string) Config { // without the parts that have files of their own
		return Config{Listen: listen, Textfile: text, Folder: folder}
	}
	remembering := of(DefaultListen, every(15), own)
	remembering.History = true
	hosted := of(DefaultListen, every(15), own)
	hosted.Hosts = []string{"web1", "::2"}
	for src, want := range map[string]Config{
		"history: true\n":                        remembering,
		"":                                       of(DefaultListen, every(15), own),
		"# nothing\n":                            of(DefaultListen, every(15), own),
		"hosts: [Web1, '::2']\n":                 hosted,
		"listen: none\n":                         of("", every(15), own),
		"listen: ${ADDRESS}:80\nfolder: state\n": of("10.0.0.1:80", every(15), filepath.Join(here, "state")),
		"listen: \":9490\"\n":                    of(":9490", every(15), own),
		"textfile: {folder: text, periodSeconds: 30}\n":                  of("", text, own),
		"textfile: {folder: text, periodSeconds: 30}\nlisten: '[::1]:1'": of("[::1]:1", text, own),
	} {
		if got, err := parse(src); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", src, got, err, want)
		}
	}
	if got, err := Default(); err != nil || !reflect.DeepEqual(got, of(DefaultListen, every(15), own)) {
		t.Errorf("%+v, %v", got, err)
	}
}

// Each problem is told with its place, all of a file at once.
func TestProblems(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	for src, want := range map[string]string{
		"listen: 9490\n":                                                    `observe.yaml:1:9: listen: must be text, is the number 9490: write it in quotes, "9490"`,
		"listen: localhost\n":                                               "observe.yaml:1:9: listen: must be ADDRESS:PORT such as 127.0.0.1:9490, or none",
		"listen: a:99999\n":                                                 "observe.yaml:1:9: listen: must be ADDRESS:PORT such as 127.0.0.1:9490, or none",
		"hosts: ['web1:80']\n":                                              "observe.yaml:1:9: hosts[0]: must be a host name or an address, without port",
		"lisen: none\n":                                                     "observe.yaml:1:1: lisen: unknown key: did you mean listen?",
		"notices: {}\n":                                                     "observe.yaml:1:10: notices: channels is missing",
		"notices: {channels: {}}\n":                                         "observe.yaml:1:21: notices.channels: names no channel: where should notices go?",
		"notices: {channels: {a: {type: irc}}}\n":                           "observe.yaml:1:32: notices.channels.a.type: must be one of wecom, dingtalk, feishu, slack, teams, webhook, smtp, is the text \"irc\"",
		"notices: {channels: {a: {urlFile: x}}}\n":                          "observe.yaml:1:25: notices.channels.a: type is missing",
		"notices: {channels: {a b: {type: slack}}}\n":                       "observe.yaml:1:27: notices.channels.a b: a channel's name consists of letters, digits, - and _, of 64 at most",
		"notices: {language: de, channels: {a: {type: slack}}}\n":           "observe.yaml:1:21: notices.language: must be one of en, zh, is the text \"de\"",
		"notices: {channels: {a: {type: smtp, port: 70000}}}\n":             "observe.yaml:1:44: notices.channels.a.port: must be 1 to 65535, is 70000",
		"shipping: {}\n":                                                    "observe.yaml:1:11: shipping: targets is missing",
		"shipping: {targets: {}}\n":                                         "observe.yaml:1:21: shipping.targets: names no target: where should logs go?",
		"shipping: {targets: {a: {}}}\n":                                    "observe.yaml:1:25: shipping.targets.a: type is missing\nobserve.yaml:1:25: shipping.targets.a: url is missing",
		"shipping: {targets: {a: {type: otlp, url: \"https://a:b@c\"}}}\n":  "observe.yaml:1:43: shipping.targets.a.url: must be an address that begins with https:// or http://, without a user, a query or a fragment",
		"shipping: {targets: {a: {type: otlp, url: http://c, index: a}}}\n": "observe.yaml:1:25: shipping.targets.a: index: goes with the type elasticsearch",
		"shipping: {targets: {a: {headers: {X-A: b}, headerFiles: {x-a: c}}}}\n": "observe.yaml:1:25: shipping.targets.a: type is missing\nobserve.yaml:1:25: shipping.targets.a: url is missing\n" +
			"observe.yaml:1:64: shipping.targets.a.headerFiles.x-a: this header is given twice",
		"shipping: {targets: {a: {type: elasticsearch, url: http://c, index: A}}}\n":        "observe.yaml:1:69: shipping.targets.a.index: must be the name of a data stream or an index, in lower case, such as logs-daruma-default",
		"shipping: {targets: {a: {type: otlp, url: http://c, maxBatch: 1}}}\n":              "observe.yaml:1:63: shipping.targets.a.maxBatch: must be between 16384 and 16777216 bytes, is 1",
		"shipping: {redact: [{known: x}], targets: {a: {type: otlp, url: http://c}}}\n":     "observe.yaml:1:29: shipping.redact[0].known: must be one of authorization, cardNumber, email, jwt, password, privateKey, urlPassword, is the text \"x\"",
		"shipping: {redact: [{by: x}], targets: {a: {type: otlp, url: http://c}}}\n":        "observe.yaml:1:21: shipping.redact[0]: must have either known or pattern",
		"shipping: {redact: [{pattern: '('}], targets: {a: {type: otlp, url: http://c}}}\n": "observe.yaml:1:21: shipping.redact[0]: pattern: error parsing regexp: missing closing ): `(`",
		"shipping: {targets: {a: {type: otlp, url: http://c, join: [{traces: [c]}]}}}\n":    "observe.yaml:1:70: shipping.targets.a.join[0].traces[0]: must be one of go, java, python, is the text \"c\"",
		"shipping: {targets: {a: {type: otlp, url: http://c, join: [{programs: [a]}]}}}\n":  "observe.yaml:1:60: shipping.targets.a.join[0]: must have either traces or start\nobserve.yaml:1:72: shipping.targets.a.join[0].programs[0]: must be SERVICE/PROGRAM",
		"version: 1\n":                                   "observe.yaml:1:1: version: unknown key: allowed here are listen, textfile, folder, notices, shipping, dashboard, history, hosts",
		"textfile: /a\n":                                 `observe.yaml:1:11: textfile: must be a map (key: value), is the text "/a"`,
		"textfile: {periodSeconds: 0}\n":                 "observe.yaml:1:11: textfile: folder is missing\nobserve.yaml:1:27: textfile.periodSeconds: must be greater than 0, is 0",
		"textfile:\n  folder: a\n  periodSeconds: 0.5\n": "observe.yaml:3:18: textfile.periodSeconds: must be at least 1, is 0.5",
		"listen: ${NONE}:1\n":                            "observe.yaml:1:9: listen: the variable NONE isn't set: set it, or write ${NONE:-default}",
		"- a\n":                                          "observe.yaml:1:1: must be a map (key: value), is a list",
		"listen: none\nlisten: none\n":                   "observe.yaml:2:1: the key \"listen\" stands here a second time, the first is in line 1: remove one",
	} {
		_, err := parse(src)
		if errs := (definition.Errors)(nil); !errors.As(err, &errs) || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", src, err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	path := filepath.Join(t.TempDir(), "observe.yaml")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path+": there is no such file") {
		t.Error(err)
	}
	if _, err := Load(filepath.Dir(path)); err == nil || !strings.Contains(err.Error(), "name the file in it, such as "+path) {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("textfile: {folder: text}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(path); err != nil || c.Textfile.Folder != filepath.Join(filepath.Dir(path), "text") {
		t.Errorf("%+v, %v", c, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("listen: none\ntextfile: {folder: a, periodSeconds: 1}\nfolder: b\n")
	f.Add("textfile: &a {folder: *a}")
	f.Fuzz(func(t *testing.T, src string) {
		c, err := parse(src)
		if err != nil {
			if errs := (definition.Errors)(nil); !errors.As(err, &errs) {
				t.Errorf("%v", err)
			}
			return
		}
		if c.Listen != "" && !IsAddress(c.Listen) || c.Textfile.Period < time.Second || !filepath.IsAbs(c.Folder) {
			t.Errorf("%+v", c)
		}
	})
}

// The example has all that it names, and each channel once.
func TestExample(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	c, err := Load(filepath.Join("..", "..", "..", "examples", "observe.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]int{}
	for _, one := range c.Notices.Channels {
		types[one.Type]++
	}
	for _, kind := range channel.Types() {
		if types[kind] != 1 {
			t.Errorf("%s is there %d times", kind, types[kind])
		}
	}
	if s := c.Shipping; s == nil || len(s.Targets) != len(shipping.Types()) || len(s.Targets[0].Redact) != 2 || len(s.Targets[0].Join) != 1 || !s.Targets[1].AtEnd {
		t.Errorf("%+v", c.Shipping)
	}
	if c.Notices.Language != notice.Chinese || c.Notices.Alertmanager == nil || !filepath.IsAbs(c.Notices.Channels[0].URLFile) {
		t.Errorf("%+v", c.Notices)
	}
}

// Whatever key the file may have, install knows by it what the file is.
func TestKeysAreKnown(t *testing.T) {
	listens := false
	for _, f := range (&Config{}).fields(&listens) {
		if !definition.IsObserver([]byte(f.Key + ": {}\n")) {
			t.Errorf("%s isn't among the observer's keys in package definition", f.Key)
		}
	}
}
