// Package pipelines tests the pipeline of this folder against hosts that are network namespaces of this machine.
package pipelines

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// source is the service: it says its version, and its faults are those of whoever writes a release.
const source = `package main

import (
	"fmt"
	"net/http"
	"os"
)

var version, fault string

func main() {
	if fault == "everywhere" || fault == "on web2" && os.Getenv("ROLE") == "web2" {
		fmt.Println("no database")
		os.Exit(3)
	}
	http.HandleFunc("/ready", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		if fault == "wrong on web1" && os.Getenv("ROLE") == "web1" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, version)
	})
	fmt.Println(http.ListenAndServe("127.0.0.1:8080", nil))
	os.Exit(1)
}
`

const definition = `name: shop
programs:
  web:
    command: [bin/web]
    readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 0.2}
`

// probe asks the service on its host.
const probe = `python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:8080/").read().decode())'`

// TestPipeline: a release goes through all steps to its hosts. One that falls in staging never leaves it; one that answers wrongly on the
// first host, or falls on the second, is taken back from all.
func TestPipeline(t *testing.T) {
	require(t, "sshd", "ssh", "scp", "ssh-keygen", "python3", "ip", "unshare", "nsenter")
	p := newPipeline(t, "staging", "web1", "web2")

	// The hosts have no release yet: the first one is put in place, and started as the answer says.
	p.steps("1.0.0", "", "build", "test", "scan", "pack", "staging")
	for _, host := range []string{"web1", "web2"} {
		p.step("1.0.0", "", 0, "staging", "STAGING="+host)
	}
	for _, h := range p.hosts {
		h.start()
	}
	p.versions("1.0.0", "1.0.0", "1.0.0")

	if out := p.step("1.1.0", "", 1, "production"); !strings.Contains(out, "APPROVED_BY") {
		t.Errorf("without approval: %s", out)
	}
	p.steps("1.1.0", "", "build", "test", "scan", "pack", "staging", "probe", "approve", "production")
	p.versions("1.1.0", "1.1.0", "1.1.0")
	if out := p.step("1.1.0", "", 0, "production"); !strings.Contains(out, "web2 has 1.1.0 already") { // a job that is run again
		t.Errorf("once more: %s", out)
	}

	p.steps("1.2.0", "everywhere", "build", "pack")
	if out := p.step("1.2.0", "", 1, "staging"); !strings.Contains(out, "no database") || !strings.Contains(out, "production wasn't touched") {
		t.Errorf("a release that falls: %s", out)
	}
	p.versions("1.1.0", "1.1.0", "1.1.0")

	p.steps("1.3.0", "wrong on web1", "build", "pack", "staging", "probe")
	if out := p.step("1.3.0", "", 1, "production"); !strings.Contains(out, "failed on web1 while it was watched") {
		t.Errorf("a release that answers wrongly: %s", out)
	}
	p.versions("1.3.0", "1.1.0", "1.1.0")

	p.steps("1.4.0", "on web2", "build", "pack", "staging", "probe")
	out := p.step("1.4.0", "", 1, "production", "PRODUCTION=web1 nowhere")
	if !strings.Contains(out, "nowhere can't be reached") || !strings.Contains(out, "web1: back to the release before") || !strings.Contains(out, "these do not: nowhere") {
		t.Errorf("a host that can't be reached: %s", out)
	}
	p.versions("1.4.0", "1.1.0", "1.1.0")
	if out := p.step("1.4.0", "", 1, "production"); !strings.Contains(out, "didn't stand on web2") || !strings.Contains(out, "web1: back to the release before") {
		t.Errorf("a release that falls on the second host: %s", out)
	}
	p.versions("1.4.0", "1.1.0", "1.1.0")
}

type pipeline struct {
	*testing.T
	dir   string // the project: source, package
	env   []string
	hosts []*host
}

func newPipeline(t *testing.T, names ...string) *pipeline {
	dir := t.TempDir()
	p := &pipeline{T: t, dir: dir}
	bin := filepath.Join(dir, "tools")
	run(t, "", "go", "build", "-o", filepath.Join(bin, "daruma"), "github.com/daruma-sh/daruma/cmd/daruma")
	write(t, filepath.Join(dir, "main.go"), source)
	write(t, filepath.Join(dir, "go.mod"), "module example.com/shop\n\ngo 1.24\n")
	write(t, filepath.Join(dir, "release/daruma.yaml"), definition)

	for _, name := range []string{"host.key", "user.key", "release.key"} {
		if name == "release.key" {
			run(t, dir, filepath.Join(bin, "daruma"), "pack", "--keygen", name, "--no-password")
		} else {
			run(t, dir, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // Debian's unit makes it, and sshd ends without it
		t.Fatal(err)
	}
	var config strings.Builder
	for _, name := range names {
		h := newHost(t, name, dir, bin)
		p.hosts = append(p.hosts, h)
		fmt.Fprintf(&config, "Host %s\n  ProxyCommand nsenter -t %d -n %s -i -f %s\n", name, h.holder.Process.Pid, path(t, "sshd"), h.sshd)
	}
	fmt.Fprintf(&config, "Host *\n  User root\n  IdentityFile %s\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n  ControlPath %s\n",
		filepath.Join(dir, "user.key"), filepath.Join(dir, "%n.ssh"))
	write(t, filepath.Join(dir, "ssh_config"), config.String())
	for _, h := range p.hosts {
		h.connect(filepath.Join(dir, "ssh_config"))
	}
	p.env = append(os.Environ(),
		"PATH="+bin+":"+os.Getenv("PATH"), "NAME=shop", "STAGING=staging", "PRODUCTION=web1 web2", "PROBE="+probe,
		"BUILD=go build -ldflags \"-X main.version=$VERSION -X 'main.fault=$FAULT'\" -o release/bin/web .",
		"SIGN_KEY=release.key", "MIN_READY_SECONDS=1", "WATCH_SECONDS=1",
		"SSH=ssh -F "+filepath.Join(dir, "ssh_config"), "SCP=scp -q -F "+filepath.Join(dir, "ssh_config"))
	return p
}

// steps wants all of them to succeed.
func (p *pipeline) steps(version, fault string, steps ...string) {
	p.Helper()
	for _, step := range steps {
		p.step(version, fault, 0, step)
	}
}

// step wants this exit code, and gives what was printed.
func (p *pipeline) step(version, fault string, code int, step string, env ...string) string {
	p.Helper()
	script, err := filepath.Abs("pipeline.sh")
	if err != nil {
		p.Fatal(err)
	}
	cmd := exec.CommandContext(p.Context(), script, step)
	cmd.Dir = p.dir
	cmd.Env = append(p.env, "VERSION="+version, "FAULT="+fault)
	if step != "production" || version != "1.1.0" || code == 0 {
		cmd.Env = append(cmd.Env, "APPROVED_BY=the test")
	}
	cmd.Env = append(cmd.Env, env...)
	begin := time.Now()
	out, _ := cmd.CombinedOutput()
	p.Logf("%s %s, %.1f s:\n%s", step, version, time.Since(begin).Seconds(), out)
	if got := cmd.ProcessState.ExitCode(); got != code {
		p.Fatalf("%s of %s ended with %d, want %d", step, version, got, code)
	}
	return string(out)
}

// versions wants these in force, host by host, as the service itself answers.
func (p *pipeline) versions(want ...string) {
	p.Helper()
	for i, h := range p.hosts {
		cmd := exec.CommandContext(p.Context(), "nsenter", "-t", fmt.Sprint(h.holder.Process.Pid), "-n", "sh", "-c", probe)
		out, err := cmd.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != want[i] {
			p.Fatalf("%s has %q, want %s: %v", h.name, got, want[i], err)
		}
	}
}

// A host is a network namespace and a home for daruma. What stands on port 8080 of one isn't seen by the others.
type host struct {
	*testing.T
	name, home, sshd string
	env              []string
	holder           *exec.Cmd // its network namespace lasts as long as this process
}

func newHost(t *testing.T, name, dir, bin string) *host {
	h := &host{T: t, name: name, home: filepath.Join(dir, name), sshd: filepath.Join(dir, name+".sshd")}
	h.env = []string{"DARUMA_HOME=" + h.home, "PATH=" + bin + ":" + os.Getenv("PATH"), "ROLE=" + name}
	key, err := os.ReadFile(filepath.Join(dir, "release.key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(h.home, "shop/config/release-keys"), string(key))
	write(t, h.sshd, fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s\nPermitRootLogin prohibit-password\nStrictModes no\nUsePAM no\nPidFile none\n"+
		"Subsystem sftp internal-sftp\nSetEnv DARUMA_HOME=%s HOME=%s PATH=%s:%s\n", // without HOME, the real one's .bashrc is run
		filepath.Join(dir, "host.key"), filepath.Join(dir, "user.key.pub"), h.home, h.home, bin, os.Getenv("PATH")))
	h.holder = exec.Command("unshare", "-n", "sh", "-c", "ip link set lo up && echo up && exec cat")
	input, err := h.holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := h.holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		input.Close()
		h.holder.Wait()
	})
	said := make([]byte, 3)
	if _, err := io.ReadFull(output, said); err != nil || string(said) != "up\n" {
		t.Fatalf("the namespace of %s: %q, %v", name, said, err)
	}
	return h
}

// connect makes a connection that all of a pipeline's commands share: each of its own would cost a second of processor time. One that
// comes before it is there makes its own.
func (h *host) connect(config string) {
	h.Helper()
	master := exec.Command("ssh", "-F", config, "-M", "-N", h.name)
	if err := master.Start(); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		master.Process.Signal(syscall.SIGTERM)
		master.Wait()
	})
}

// start is what an administrator does once: the service is held up from now on.
func (h *host) start() {
	h.Helper()
	daruma := filepath.Join(filepath.Dir(h.home), "tools/daruma")
	cmd := exec.Command(path(h.T, "nsenter"), "-t", fmt.Sprint(h.holder.Process.Pid), "-n", daruma, "run", filepath.Join(h.home, "shop/config/daruma.yaml"))
	cmd.Env = append(os.Environ(), h.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if cmd.Wait(); h.Failed() {
			h.Logf("%s:\n%s", h.name, &out)
		}
	})
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) { // sleep: until its socket is there
		start := exec.Command(daruma, "start", "shop") // answers when it stands
		start.Env = append(os.Environ(), h.env...)
		said, err := start.CombinedOutput()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			h.Fatalf("%s doesn't start: %v, %s", h.name, err, said)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(name), 0o700)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir string, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", command, err, out)
	}
}

// path finds a program in the folders that ordinary users' PATH lacks, too.
func path(t *testing.T, name string) string {
	t.Helper()
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	if _, err := os.Stat("/usr/sbin/" + name); err == nil {
		return "/usr/sbin/" + name
	}
	return ""
}

// require skips where a program is missing, or fails where .ci/run should have installed it.
func require(t *testing.T, names ...string) {
	t.Helper()
	missing := func(why string) {
		if os.Getenv("DARUMA_CI") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	if os.Getuid() != 0 {
		missing("network namespaces and sshd need root")
	}
	for _, name := range names {
		if path(t, name) == "" {
			missing(name + " isn't installed (on Debian: apt-get install openssh-server python3 iproute2 util-linux)")
		}
	}
}
