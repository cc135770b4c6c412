package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/release/pack"
	"github.com/daruma-sh/daruma/internal/release/signature"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// packFlags are those of `daruma pack`.
type packFlags struct {
	request    pack.Request
	out        string
	sign       string
	password   passwordFlags
	first      bool
	keygen     string
	noPassword bool
}

func newPack(std IO) *cobra.Command {
	var f packFlags
	cmd := &cobra.Command{
		Use:   "pack [DIR] --version VERSION",
		Short: "Make a package of a folder: one file for one version of a service",
		Long: `Make a package of the folder DIR (the current one where it is left out): a zip called NAME-VERSION-OS-ARCH.zip, with everything in the
folder and a manifest of sizes, modes and SHA-256. NAME is that of the definition DIR/daruma.yaml. The same files give the same bytes.

  DIR/daruma.yaml   what is to run; relative paths start from the release's own folder
  DIR/bin, lib …    the program's files
  DIR/conf          defaults of its configuration; the machine's own files stand above them

data/, logs/, run/, releases/ and what belongs to git and editors, at the top of the folder, isn't packed. What looks like a secret, by
its name or by what stands in it, is refused; so are links, a definition with errors, and a command that isn't in the folder.

--sign signs with a key of minisign (jedisct1.github.io/minisign): FILE.minisig beside the package. --keygen makes a key: KEY, which is
secret, and KEY.pub, which the machines get. A signature made by "minisign -S" does as well.
Exit codes: 0 done, 1 the file couldn't be written, 2 wrong usage, or the folder can't be packed.`,
		Example: `  daruma pack --init shop
  daruma pack shop --version 1.4.0
  daruma pack shop --version 1.4.0 --os windows --arch amd64 -o dist/
  daruma pack --keygen release.key
  daruma pack shop --version 1.4.0 --sign release.key --password-env RELEASE_PASSWORD`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f.request.Dir = "."
			if len(args) > 0 {
				f.request.Dir = args[0]
			}
			return f.run(std, len(args) > 0)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.request.Version, "version", "", "the version, such as 1.4.0, 2.0.0-rc.1 or 2026.11.28")
	flags.StringVarP(&f.out, "output", "o", "", "the file to write, or the folder to write NAME-VERSION-OS-ARCH.zip into")
	flags.StringVar(&f.request.OS, "os", "", "the system that it runs on: linux or windows; this one where it is left out")
	flags.StringVar(&f.request.Arch, "arch", "", "the processor that it runs on: amd64, arm64 …; this one's where it is left out")
	flags.StringSliceVar(&f.request.Allow, "allow-secret", nil, "pack this file, a path within DIR, though it looks like a secret")
	flags.StringVar(&f.sign, "sign", "", "sign the package with this private key")
	flags.StringVar(&f.password.file, "password-file", "", "take the key's password from the first line of this file")
	flags.StringVar(&f.password.env, "password-env", "", "take the key's password from this environment variable")
	flags.BoolVar(&f.first, "init", false, "write a first daruma.yaml into DIR, for what is there")
	flags.StringVar(&f.keygen, "keygen", "", "make a key: this file and, with .pub behind it, the one for the machines")
	flags.BoolVar(&f.noPassword, "no-password", false, "with --keygen: don't encrypt the key, for one that a store of secrets keeps")
	cmd.MarkFlagsMutuallyExclusive("init", "keygen", "version")
	cmd.MarkFlagsOneRequired("init", "keygen", "version")
	return cmd
}

func (f *packFlags) run(std IO, dirGiven bool) error {
	switch {
	case f.keygen != "" && dirGiven:
		return &exitError{code: ExitUsage, err: errors.New("--keygen packs nothing: leave DIR out")}
	case f.keygen != "":
		return f.makeKey(std)
	case f.first:
		made, err := pack.Init(f.request.Dir)
		if err != nil {
			return packFailure(err)
		}
		return printed(printLine(std.Out, "made %s in %s. Look through daruma.yaml; then: daruma pack %s --version 1.0.0",
			strings.Join(made, ", "), f.request.Dir, f.request.Dir))
	}
	return f.pack(std)
}

func (f *packFlags) pack(std IO) error {
	found, err := pack.Look(f.request)
	if problems := (pack.Problems)(nil); errors.As(err, &problems) {
		for _, p := range problems {
			fmt.Fprintln(std.Err, plainLines([]string{p}))
		}
		return &exitError{code: ExitUsage, err: fmt.Errorf("%s can't be packed", f.request.Dir)}
	}
	if err != nil {
		return packFailure(err)
	}
	for _, note := range found.Notes {
		fmt.Fprintln(std.Err, "warning:", plainLines([]string{note}))
	}
	path := found.Manifest.FileName()
	if info, err := os.Stat(f.out); f.out != "" && (err == nil && info.IsDir() || os.IsPathSeparator(f.out[len(f.out)-1])) {
		path = filepath.Join(f.out, path)
	} else if f.out != "" {
		path = f.out
	}
	key, err := f.readKey(std) // before the work: a wrong password isn't worth it
	if err != nil {
		return &exitError{code: ExitUsage, err: err}
	}
	if err := found.Write(path); err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	if err := f.describe(std, found, path); err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	if key == nil {
		// A signature of an older package by this name would be taken for a wrong one.
		if err := os.Remove(path + signature.Extension); err == nil {
			fmt.Fprintf(std.Err, "daruma: removed %s%s, which was another package's\n", path, signature.Extension)
		}
		return nil
	}
	return signPackage(std, *key, path)
}

func (f *packFlags) describe(std IO, found *pack.Found, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	h := sha256.New()
	size, err := io.Copy(h, file)
	if err != nil {
		return err
	}
	m := found.Manifest
	if err := printLine(std.Out, "%s: %d files, %s, unpacked %s", path, len(m.Files), screen.Size(size), screen.Size(m.Unpacked())); err != nil {
		return err
	}
	if len(found.LeftOut) > 0 {
		if err := printLine(std.Out, "left out: %s", strings.Join(found.LeftOut, ", ")); err != nil {
			return err
		}
	}
	return printLine(std.Out, "sha256: %s", hex.EncodeToString(h.Sum(nil)))
}

// readKey gives the key of --sign, nil where there is none.
func (f *packFlags) readKey(std IO) (*signature.Key, error) {
	if f.sign == "" {
		return nil, nil
	}
	text, err := safefile.ReadFile(f.sign, signature.MaxSize)
	if err != nil {
		return nil, err
	}
	key, err := signature.ReadKey(text, func() (string, error) { return f.password.read(std, "the key "+f.sign) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.sign, err)
	}
	return &key, nil
}

func signPackage(std IO, key signature.Key, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	defer file.Close()
	text, err := key.Sign(file, "file:"+filepath.Base(path))
	if err == nil {
		err = safefile.Replace(path+signature.Extension, text, 0o644)
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return printed(printLine(std.Out, "signed: %s%s", path, signature.Extension))
}

// makeKey writes the two files of a new key.
func (f *packFlags) makeKey(std IO) error {
	password := ""
	if !f.noPassword {
		var err error
		if password, err = f.password.read(std, "the new key "+f.keygen); err != nil {
			return &exitError{code: ExitUsage, err: fmt.Errorf("%w; or --no-password", err)}
		}
	}
	private, public, err := signature.NewKey(password)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	file, err := safefile.CreatePrivate(f.keygen)
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	_, err = file.Write(private)
	if err = errors.Join(err, file.Close()); err == nil {
		err = safefile.Replace(f.keygen+".pub", public, 0o644)
	}
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return printed(printLine(std.Out, "%s is secret and signs; %s.pub goes to the machines", f.keygen, f.keygen))
}

// packFailure gives an error its exit code.
func packFailure(err error) error {
	if errors.Is(err, pack.ErrNotEmpty) {
		return &exitError{code: ExitUsage, err: err}
	}
	var path *os.PathError
	if errors.As(err, &path) {
		return &exitError{code: ExitFailed, err: err}
	}
	return &exitError{code: ExitUsage, err: err}
}

// printed gives an error of printing its exit code.
func printed(err error) error {
	if err != nil {
		return &exitError{code: ExitFailed, err: err}
	}
	return nil
}
