package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/daruma-sh/daruma/internal/cli"
)

// manualPages makes daruma(1) and a page for each verb, by their file names.
func (r release) manualPages() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "daruma-man-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	root := cli.Command()
	root.DisableAutoGenTag = true
	date := r.date
	header := &doc.GenManHeader{Section: "1", Date: &date, Source: "daruma " + r.version, Manual: "daruma"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return nil, fmt.Errorf("manual pages: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	pages := map[string][]byte{}
	for _, e := range entries {
		if pages[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// completions makes the scripts of the shells, by the shells' names.
func completions() (map[string][]byte, error) {
	scripts := map[string][]byte{}
	for shell, generate := range map[string]func(*cobra.Command, *bytes.Buffer) error{
		"bash":       func(c *cobra.Command, b *bytes.Buffer) error { return c.GenBashCompletionV2(b, true) },
		"zsh":        func(c *cobra.Command, b *bytes.Buffer) error { return c.GenZshCompletion(b) },
		"fish":       func(c *cobra.Command, b *bytes.Buffer) error { return c.GenFishCompletion(b, true) },
		"powershell": func(c *cobra.Command, b *bytes.Buffer) error { return c.GenPowerShellCompletionWithDesc(b) },
	} {
		var script bytes.Buffer
		if err := generate(cli.Command(), &script); err != nil {
			return nil, fmt.Errorf("completion for %s: %w", shell, err)
		}
		scripts[shell] = script.Bytes()
	}
	return scripts, nil
}
