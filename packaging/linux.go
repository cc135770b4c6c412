package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk" // registers the format
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// distribution is a family of Linux systems.
type distribution struct {
	format string // of its packages, as nfpm calls it
	zsh    string // where its zsh looks for what packages bring
}

func distributions() []distribution {
	return []distribution{
		{"deb", "/usr/share/zsh/vendor-completions"},
		{"rpm", "/usr/share/zsh/site-functions"},
		{"apk", "/usr/share/zsh/site-functions"},
	}
}

// linuxPackage makes the package of a distribution, and gives its file name.
func (r release) linuxPackage(t target, d distribution, archive []file) (string, []byte, error) {
	all, err := installed(archive, d.zsh)
	if err != nil {
		return "", nil, err
	}
	if d.format == "deb" {
		all = r.forDebian(all)
	}
	dir, err := os.MkdirTemp("", "daruma-package-") // nfpm reads files
	if err != nil {
		return "", nil, err
	}
	defer os.RemoveAll(dir)
	info := r.info(t)
	for n, f := range all {
		from := filepath.Join(dir, fmt.Sprint(n))
		if err := os.WriteFile(from, f.data, f.mode); err != nil {
			return "", nil, err
		}
		info.Contents = append(info.Contents, &files.Content{Source: from, Destination: f.name,
			FileInfo: &files.ContentFileInfo{Mode: f.mode, Owner: "root", Group: "root", MTime: r.date}})
	}
	packager, err := nfpm.Get(d.format)
	if err != nil {
		return "", nil, err
	}
	if err := nfpm.PrepareForPackager(info, d.format); err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	if err := packager.Package(info, &b); err != nil {
		return "", nil, err
	}
	return packager.ConventionalFileName(info), b.Bytes(), nil
}

// info describes the package. It has no scripts, on purpose: see the package's documentation.
func (r release) info(t target) *nfpm.Info {
	return nfpm.WithDefaults(&nfpm.Info{
		Name: "daruma", Arch: t.arch + t.arm, Platform: t.os, Version: r.version, VersionSchema: "semver", Release: "1",
		Section: "admin", Priority: "optional", MTime: r.date,
		Maintainer: "The daruma authors <packages@daruma.sh>", Vendor: "daruma", Homepage: "https://github.com/daruma-sh/daruma", License: "Apache-2.0",
		Description: `service supervisor that keeps programs running
 daruma takes any program and keeps it running: from boot, through crashes,
 hangs, bad deploys and the death of daruma itself. It says why a program
 fell, and gives it no more rights than it needs.`,
		DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			Deb: nfpm.Deb{Compression: "gzip"},
			RPM: nfpm.RPM{Group: "System Environment/Base", Summary: "Service supervisor that keeps programs running", Compression: "gzip", BuildHost: "daruma"},
		},
	})
}
