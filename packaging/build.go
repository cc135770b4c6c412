package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// build makes everything for the targets, and says so on progress.
func (r release) build(ctx context.Context, targets []target, progress io.Writer) error {
	if err := r.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	made := map[string][]byte{}
	for _, t := range targets {
		fmt.Fprintf(progress, "building for %s\n", t)
		if err := r.packages(ctx, t, made); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	if err := r.manifests(made, targets); err != nil {
		return err
	}
	r.scripts(made)
	if err := r.seal(made); err != nil {
		return err
	}
	if err := r.write(made); err != nil {
		return err
	}
	fmt.Fprintf(progress, "%d files in %s\n", len(made), r.out)
	return nil
}

// packages adds what there is for one target to made, by the files' names.
func (r release) packages(ctx context.Context, t target, made map[string][]byte) error {
	binaries, err := os.MkdirTemp("", "daruma-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(binaries)
	if err := r.compile(ctx, t, binaries); err != nil {
		return err
	}
	archive, err := r.common(t, binaries)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("daruma-%s-%s-%s", r.version, t.os, t.processor())
	if made[name+".cdx.json"], err = r.billOfMaterials(filepath.Join(binaries, "daruma"+t.exe()), archive); err != nil {
		return err
	}
	if t.os == "windows" {
		if made[name+".zip"], err = zipped(archive, r.date); err != nil {
			return err
		}
		made[name+".msi"], err = r.installer(ctx, t, archive)
		return err
	}
	if made[name+".tar.gz"], err = tarball(archive, name, r.date); err != nil {
		return err
	}
	if made[name+".oci.tar"], err = r.image(t, archive); err != nil {
		return err
	}
	for _, d := range distributions() {
		file, data, err := r.linuxPackage(t, d, archive)
		if err != nil {
			return fmt.Errorf("%s: %w", d.format, err)
		}
		made[file] = data
	}
	return nil
}

// sums is what sha256sum prints of the files.
func sums(made map[string][]byte) []byte {
	var lines []string
	for name, data := range made {
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return []byte(strings.Join(lines, ""))
}
