package realtest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// real is one program from the distribution and how its own manual says to run it.
type real struct {
	name     string
	needs    []string // executables
	children int      // processes beside the main one, at least

	// settle writes what the program needs into dir and gives its entry of the definition; broken makes it exit at once.
	settle func(t *testing.T, dir string, port int, broken bool) string
	// asks sends the program a real request.
	asks func(port int) error
	// complaint is what it prints about its broken configuration.
	complaint string
	// graceful tells whether it ends with exit code 0 when asked to.
	graceful bool
}

// timing is common to all: fast enough for a test, slow enough for a busy machine.
const timing = `
    restartPolicy: Always
    backoff: {initialSeconds: 0.4, factor: 2, maxSeconds: 30, jitter: 0, resetAfterSeconds: 30}
    terminationGracePeriodSeconds: 5
`

func programs() []real {
	return []real{
		{name: "nginx", needs: []string{"nginx"}, children: 2, settle: nginx, asks: overHTTP, graceful: true,
			complaint: `unknown directive "stand_up"`},
		{name: "redis", needs: []string{"redis-server", "redis-cli"}, settle: redis, asks: ping, graceful: true,
			complaint: "Bad directive or wrong number of arguments"},
		{name: "python", needs: []string{"python3"}, children: 1, settle: python, asks: overHTTP, graceful: true,
			complaint: "unrecognized arguments: --stand-up"},
	}
}

// nginx runs a master and two workers; killed with -9, the master leaves workers that hold the port.
func nginx(t *testing.T, dir string, port int, broken bool) string {
	conf := fmt.Sprintf(`
worker_processes 2;
daemon off;
pid nginx.pid;
error_log stderr notice;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
  server { listen 127.0.0.1:%d; location / { return 200 "nginx stands\n"; } }
}
`, port)
	if broken {
		conf += "stand_up yes;\n"
	}
	write(t, filepath.Join(dir, "nginx.conf"), conf)
	return fmt.Sprintf(`
    command: [%s, -p, %q, -c, nginx.conf, -e, stderr]
    startupProbe: {httpGet: {port: %d}, periodSeconds: 0.1, failureThreshold: 200}
    livenessProbe: {httpGet: {port: %d}, periodSeconds: 0.5, failureThreshold: 2}
    readinessProbe: {httpGet: {port: %d}, periodSeconds: 0.2}
    lifecycle: {stopSignal: SIGQUIT}
%s`, located("nginx"), dir, port, port, port, timing)
}

// redis is probed as its users do it: by redis-cli.
func redis(t *testing.T, dir string, port int, broken bool) string {
	conf := fmt.Sprintf("bind 127.0.0.1\nport %d\ndir %s\nsave \"\"\ndaemonize no\n", port, dir)
	if broken {
		conf += "standup yes\n"
	}
	write(t, filepath.Join(dir, "redis.conf"), conf)
	return fmt.Sprintf(`
    command: [redis-server, redis.conf]
    startupProbe: {tcpSocket: {port: %d}, periodSeconds: 0.1, failureThreshold: 200}
    livenessProbe: {exec: {command: [redis-cli, -p, "%d", ping]}, periodSeconds: 0.5, timeoutSeconds: 1, failureThreshold: 2}
    readinessProbe: {exec: {command: [redis-cli, -p, "%d", ping]}, periodSeconds: 0.2, timeoutSeconds: 1}
%s`, port, port, port, timing)
}

// python is started by a shell that leaves a child in a session of its own, as careless start scripts do.
// Its readiness is a mere connection, which the kernel goes on accepting for a stopped program.
func python(t *testing.T, dir string, port int, broken bool) string {
	extra := ""
	if broken {
		extra = "--stand-up"
	}
	write(t, filepath.Join(dir, "start.sh"), fmt.Sprintf(
		"setsid sleep 100000 &\nexec python3 -u -m http.server --bind 127.0.0.1 %s %d\n", extra, port))
	return fmt.Sprintf(`
    command: [sh, start.sh]
    startupProbe: {httpGet: {port: %d}, periodSeconds: 0.1, failureThreshold: 200}
    livenessProbe: {httpGet: {port: %d}, periodSeconds: 0.5, failureThreshold: 2}
    readinessProbe: {tcpSocket: {port: %d}, periodSeconds: 0.2}
    lifecycle: {stopSignal: SIGINT}
%s`, port, port, port, timing)
}

// definition is a service of this one program, called "it".
func definition(entry string) string { return "name: real\nprograms:\n  it:" + entry }

// located gives the path of a program; Debian keeps some where an ordinary user's PATH doesn't look.
func located(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} {
		if path := filepath.Join(dir, name); exec.Command(path, "-v").Run() == nil {
			return path
		}
	}
	return ""
}

// require skips the test where a program isn't installed; in CI that is a failure.
func require(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if located(name) != "" {
			continue
		}
		if os.Getenv("DARUMA_CI") != "" {
			t.Fatalf("%s isn't installed, and DARUMA_CI is set: .ci/run installs it", name)
		}
		t.Skipf("%s isn't installed: this test holds up the real one (on Debian: apt-get install nginx-light redis-server python3)", name)
	}
}

func overHTTP(port int) error {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	return nil
}

// ping speaks Redis' protocol.
func ping(port int) error {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 5*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
		return err
	}
	answer := make([]byte, 7)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if got := strings.TrimSpace(string(answer)); got != "+PONG" {
		return fmt.Errorf("PING was answered with %q", got)
	}
	return nil
}
