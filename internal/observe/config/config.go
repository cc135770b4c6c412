// Package config reads observe.yaml, the observer's own file: where it listens, what it writes, and whom it tells.
package config

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/observe/notice/notifier"
	"github.com/daruma-sh/daruma/internal/observe/shipping"
)

// DefaultFile is what the file is usually called.
const DefaultFile = "observe.yaml"

// DefaultListen is where metrics are given where neither the file nor a flag says anything: to this machine alone.
const DefaultListen = "127.0.0.1:9490"

// Config is what the file says, with what it doesn't say filled in.
type Config struct {
	Listen   string   // host:port; "": no port
	Hosts    []string // names, without port and in lower case, by which scrapers and Alertmanager may know it; addresses needn't be named
	Textfile Textfile
	Folder   string           // absolute: the observer's own, for what must outlive it
	Notices  *notifier.Config // nil: nobody is told anything
	Shipping *shipping.Config // nil: no logs are shipped
	History  bool             // the past is kept for the dashboard

	Dashboard *Dashboard // nil: there is none; daruma ui needs none
}

// Textfile says where the file for a textfile collector is written.
type Textfile struct {
	Folder string        // absolute; "": none is written
	Period time.Duration // how often it is renewed; a second or more
}

// Default is what counts without a file. The error says that no folder is known, see [folders.Of].
func Default() (Config, error) {
	own, err := ownFolder()
	return Config{Listen: DefaultListen, Textfile: Textfile{Period: 15 * time.Second}, Folder: own}, err
}

// ownFolder is beside the folders of the services, under a name that no service can have. Of an observer that an installed service runs it is
// in that service's folder for state: its account may write nowhere else.
func ownFolder() (string, error) {
	if service := os.Getenv("DARUMA_SERVICE"); service != "" && os.Getenv(folders.InstalledVariable) != "" {
		f, err := folders.Installed(service)
		return filepath.Join(f.State, folders.ObserverFolder), err
	}
	f, err := folders.Of(".observer")
	return f.State, err
}

// Load reads the file. What is wrong with it is of type [definition.Errors], with a place for each problem.
func Load(path string) (Config, error) {
	src, err := definition.ReadNamed(path, DefaultFile)
	if err != nil {
		return Config{}, err
	}
	return Parse(src, path, os.LookupEnv)
}

// Parse reads the file from memory, see [definition.ParseOther].
func Parse(src []byte, file string, env func(string) (string, bool)) (Config, error) {
	c := Config{Textfile: Textfile{Period: 15 * time.Second}}
	listens := false
	err := definition.ParseOther(src, file, env, func(v definition.Value) { v.Object(c.fields(&listens)) })
	if err != nil {
		return Config{}, err
	}
	if !listens && c.Textfile.Folder == "" {
		c.Listen = DefaultListen
	}
	if c.Folder == "" {
		if c.Folder, err = ownFolder(); err != nil {
			return Config{}, err
		}
	}
	return c, nil
}

// fields are the keys of the file. A part of the observer that has settings of its own has a line here, and decodes its value in its own
// package.
func (c *Config) fields(listens *bool) []definition.Field {
	return []definition.Field{
		{Key: "listen", Decode: func(v definition.Value) { c.Listen, *listens = listen(v), true }},
		{Key: "textfile", Decode: func(v definition.Value) { v.Object(c.Textfile.fields(), "folder") }},
		{Key: "folder", Decode: func(v definition.Value) { c.Folder = v.Path() }},
		{Key: "notices", Decode: func(v definition.Value) { c.Notices = notifier.Decode(v) }},
		{Key: "shipping", Decode: func(v definition.Value) { c.Shipping = shipping.Decode(v) }},
		{Key: "dashboard", Decode: func(v definition.Value) { c.Dashboard = decodeDashboard(v) }},
		{Key: "history", Decode: func(v definition.Value) { c.History = v.Bool() }},
		{Key: "hosts", Decode: func(v definition.Value) {
			v.List(func(v definition.Value) { c.Hosts = append(c.Hosts, hostName(v)) })
		}},
	}
}

func (t *Textfile) fields() []definition.Field {
	return []definition.Field{
		{Key: "folder", Decode: func(v definition.Value) { t.Folder = v.Path() }},
		{Key: "periodSeconds", Decode: func(v definition.Value) {
			if d, ok := v.Seconds(time.Second); ok {
				t.Period = d
			}
		}},
	}
}

// listen gives an address as net.Listen takes it, or "" for none.
func listen(v definition.Value) string {
	address := v.Expanded()
	if address == "" || address == "none" {
		return ""
	}
	if !IsAddress(address) {
		v.Fail("must be ADDRESS:PORT such as %s, or none", DefaultListen)
	}
	return address
}

// IsAddress reports whether s is HOST:PORT, where the host may be empty for all of this machine's addresses.
func IsAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}
