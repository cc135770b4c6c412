package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/daruma-sh/daruma/lab"
)

// checkOnDebian installs the package on a Debian 13 that systemd has booted, has ten services run, and upgrades, removes and purges the
// package: no process of theirs ends by it, keeper and supervisor included. It works by dpkg, which is what apt has do the work.
func checkOnDebian(t *testing.T, deb string) {
	if why := lab.Missing(); why != "" && os.Getenv("DARUMA_CI") == "" {
		t.Skip(why)
	}
	m := lab.Linux(t)
	m.Copy(deb, "/srv/daruma.deb")
	write(t, filepath.Dir(deb), "newer.deb", newerDeb(t))
	m.Copy(filepath.Join(filepath.Dir(deb), "newer.deb"), "/srv/newer.deb")
	m.Output("dpkg", "--install", "/srv/daruma.deb")
	m.Output("cp", "/usr/bin/daruma", "/srv/daruma") // to ask with when the package's is gone

	var services []string
	for n := range 10 {
		name := fmt.Sprintf("shop%d", n)
		services = append(services, name)
		m.Write("/srv/"+name+"/daruma.yaml", "name: "+name+"\nprograms:\n  api: {command: [/bin/sleep, infinity]}\n", 0o644)
	}
	// All at once: each waits until its program has been up for a second.
	m.Output("sh", append([]string{"-c", "for name; do /usr/bin/daruma install --now /srv/$name/daruma.yaml & all=\"$all $!\"; done; for one in $all; do wait $one || exit; done", "sh"}, services...)...)
	before := processes(t, m, services)
	if len(before) != 30 || slices.Contains(before, 0) {
		t.Fatalf("ten services with keeper, supervisor and program: %v", before)
	}
	for _, step := range [][]string{{"--install", "/srv/newer.deb"}, {"--remove", "daruma"}, {"--purge", "daruma"}} {
		said := m.Output("dpkg", step...)
		if got := processes(t, m, services); !slices.Equal(got, before) {
			t.Errorf("dpkg %q: the processes were %v and are %v\n%s", step, before, got, said)
		}
		if there := m.Exists("/usr/bin/daruma"); there != (step[0] == "--install") {
			t.Errorf("dpkg %q: /usr/bin/daruma is there: %v", step, there)
		}
		if step[0] == "--install" {
			if version := m.Output("dpkg-query", "--show", "--showformat=${Version}", "daruma"); version != "1.2.4-1" {
				t.Errorf("upgraded to %s", version)
			}
		}
	}
}

// processes are those of the services: of each the keeper, the supervisor and the program.
func processes(t *testing.T, m *lab.Machine, services []string) []int {
	t.Helper()
	var all []int
	for _, name := range services {
		var status struct {
			KeeperPID     int `json:"keeperPid"`
			SupervisorPID int `json:"supervisorPid"`
			Programs      []struct {
				PID int `json:"pid"`
			} `json:"programs"`
		}
		if err := json.Unmarshal([]byte(m.Output("/srv/daruma", "status", name, "-o", "json")), &status); err != nil {
			t.Fatal(err)
		}
		all = append(all, status.KeeperPID, status.SupervisorPID)
		for _, p := range status.Programs {
			all = append(all, p.PID)
		}
	}
	return all
}

// newerDeb is the package of the next release, whose files needn't be able to do anything: only processes of the one before run.
func newerDeb(t *testing.T) []byte {
	t.Helper()
	r := releaseOf("1.2.4")
	_, data, err := r.linuxPackage(target{"linux", "amd64", ""}, distributions()[0], []file{{"LICENSE", 0o644, []byte("licence")}, {"daruma", 0o755, []byte("#!/bin/sh\n")}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
