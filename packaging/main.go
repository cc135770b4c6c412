package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/release/signature"
)

// release is what is packaged.
type release struct {
	version string         // 1.2.3
	commit  string         // the revision, for daruma version; "": not said
	date    time.Time      // of all files
	source  string         // folder of the sources
	out     string         // folder of what is made
	url     string         // where its files are downloaded from; "": from the release's page
	key     *signature.Key // signs the sums; nil: nothing is signed
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

func run() error {
	r := release{}
	flag.StringVar(&r.version, "version", "", "version of the release, such as 1.2.3 or 1.3.0-rc.1")
	flag.StringVar(&r.commit, "commit", "", "revision that daruma version names")
	flag.StringVar(&r.source, "source", "..", "folder of daruma's sources")
	flag.StringVar(&r.out, "out", "dist", "folder to write to; what it holds of the same name is replaced")
	only := flag.String("only", "", "targets, such as linux/amd64,windows/arm64; all without it")
	flag.StringVar(&r.url, "url", "", "address of the folder that the release will be downloaded from (default: the release's page at GitHub)")
	var key keyFlags
	flag.StringVar(&key.key, "sign", "", "sign the sums with this private key of minisign")
	flag.StringVar(&key.passwordFile, "password-file", "", "take the key's password from the first line of this file")
	flag.StringVar(&key.passwordEnv, "password-env", "", "take the key's password from this environment variable")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), `Build the packages of daruma.

  go run . -version 1.2.3 -out ../dist
  go run . -version 1.2.3 -only linux/amd64
  go run . -version 1.2.3 -sign release.key -password-env RELEASE_KEY_PASSWORD

SOURCE_DATE_EPOCH gives the date of all files, in seconds since 1970; without it they are of 1 January 1980.

`)
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("%s: there are no arguments but flags; see -help", flag.Arg(0))
	}
	var err error
	if r.date, err = sourceDate(os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		return err
	}
	if r.key, err = key.read(); err != nil {
		return err
	}
	targets, err := chosen(*only)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return r.build(ctx, targets, os.Stdout)
}

// check refuses what package managers would.
func (r release) check() error {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$`).MatchString(r.version) {
		return errors.New("-version: give major.minor.patch, such as 1.2.3, or with a suffix such as 1.3.0-rc.1")
	}
	return nil
}

// sourceDate reads SOURCE_DATE_EPOCH (reproducible-builds.org/specs/source-date-epoch). Zip knows no date before 1980.
func sourceDate(seconds string) (time.Time, error) {
	if seconds == "" {
		return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), nil
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n < 315532800 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%s: give seconds since 1970, 315532800 (1980) at least", seconds)
	}
	return time.Unix(n, 0).UTC(), nil
}

// chosen gives the targets of a list, all for an empty one.
func chosen(list string) ([]target, error) {
	if list == "" {
		return targets(), nil
	}
	var found []target
	for _, name := range strings.Split(list, ",") {
		t, ok := named(name)
		if !ok {
			return nil, fmt.Errorf("-only: there is no target %q; there are %s", name, names())
		}
		found = append(found, t)
	}
	return found, nil
}
