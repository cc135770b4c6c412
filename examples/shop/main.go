// Command shop runs the example in a fresh checkout: it builds daruma, the api and the worker, then becomes daruma.
//
//	go run ./examples/shop                  build, then daruma run examples/shop/daruma.yaml
//	go run ./examples/shop status           any other verb of daruma, for the same shop
//
// Everything it makes is in examples/shop/bin and examples/shop/home; neither root nor an installation is needed.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

const module = "github.com/daruma-sh/daruma"

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "shop: %v\n", err)
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	dir, err := folder()
	if err != nil {
		return 1, err
	}
	bin := filepath.Join(dir, "bin")
	if err := build(bin, dir); err != nil {
		return 1, err
	}
	home, err := homeFor(dir)
	if err != nil {
		return 1, err
	}
	for name, value := range map[string]string{"DARUMA_HOME": home, "SHOP_DATA": filepath.Join(home, "orders")} {
		if err := os.Setenv(name, value); err != nil {
			return 1, err
		}
	}
	if len(args) == 0 {
		fmt.Print(hints(bin, home, port()))
		args = []string{"run", filepath.Join(dir, "daruma.yaml")}
	}
	return become(filepath.Join(bin, "daruma"+suffix()), args), nil
}

// folder finds examples/shop in the checkout that this program was built from.
func folder() (string, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", module+"/examples/shop").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = errors.New(strings.TrimSpace(string(exit.Stderr)))
		}
		return "", fmt.Errorf("finding the checkout: %w (run it from inside the checkout: go run ./examples/shop)", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// build compiles the three programs into bin and says how long each took. What is up to date takes no time.
func build(bin, dir string) error {
	targets := []struct{ name, pkg string }{
		{"daruma", "/cmd/daruma"}, {"api", "/examples/shop/api"}, {"worker", "/examples/shop/worker"},
	}
	for _, t := range targets {
		fmt.Fprintf(os.Stderr, "building %-6s …", t.name)
		start := time.Now()
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w",
			"-o", filepath.Join(bin, t.name+suffix()), module+t.pkg)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // one static binary, and no C compiler needed
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintln(os.Stderr, " failed")
			return fmt.Errorf("building %s: %w\n%s", t.name, err, out)
		}
		fmt.Fprintf(os.Stderr, " %.1f s\n", time.Since(start).Seconds())
	}
	return nil
}

// homeFor is where daruma keeps the shop's files: DARUMA_HOME where it is set, else the folder home beside this file.
//
// A unix socket's path has room for 107 bytes; a checkout in a deep folder gets its home in the user's cache folder.
func homeFor(dir string) (string, error) {
	if home := os.Getenv("DARUMA_HOME"); home != "" {
		return filepath.Abs(home)
	}
	home := filepath.Join(dir, "home")
	if runtime.GOOS == "windows" || len(filepath.Join(home, "shop", "run", "control.sock")) <= 100 {
		return home, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("the checkout's path is too long for a unix socket: %w (set DARUMA_HOME to a short folder)", err)
	}
	return filepath.Join(cache, "daruma-shop"), nil
}

func port() string {
	if p := os.Getenv("SHOP_PORT"); p != "" {
		return p
	}
	return "8080"
}

func suffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// hints says what to try in a second terminal.
func hints(bin, home, port string) string {
	set := fmt.Sprintf("export DARUMA_HOME='%s' PATH='%s':\"$PATH\"", home, bin)
	curl := "curl"
	if runtime.GOOS == "windows" {
		set = fmt.Sprintf("$env:DARUMA_HOME='%s'; $env:PATH='%s;'+$env:PATH", home, bin)
		curl = "curl.exe"
	}
	url := "http://127.0.0.1:" + port
	var out strings.Builder
	table := func(rows ...string) {
		w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
		for i := 0; i < len(rows); i += 2 {
			fmt.Fprintf(w, "  %s\t%s\n", rows[i], rows[i+1])
		}
		w.Flush()
	}
	fmt.Fprintf(&out, "\nThe shop is about to stand on %s. In a second terminal:\n\n  %s\n\n", url, set)
	table("daruma status shop", "what runs",
		curl+" -d teapot "+url+"/orders", "order something; the worker delivers it")
	fmt.Fprint(&out, "\nMake it fall, and watch it stand up again here:\n\n")
	table(curl+" "+url+"/crash", "the api panics",
		curl+" '"+url+"/exit?code=3'", "the api exits",
		curl+" "+url+"/hang", "the api lives but answers no more: the liveness probe sees it",
		curl+" '"+url+"/unready?seconds=9'", "the api isn't ready for a while, and isn't restarted",
		curl+" -d poison "+url+"/orders", "the worker panics, 3 times, until the order is rejected",
		curl+" -d stuck "+url+"/orders", "the worker hangs")
	fmt.Fprint(&out, "\nAnd what became of it:\n\n")
	table("daruma incidents shop", "what fell, why, and how long until it stood again",
		"daruma logs shop", "what the programs said")
	fmt.Fprint(&out, "\nCtrl+C here stops everything.\n\n")
	return out.String()
}
