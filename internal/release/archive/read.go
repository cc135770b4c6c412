package archive

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Package is a package that is being read.
type Package struct {
	Manifest *Manifest

	r        io.ReaderAt
	size     int64
	entries  []*zip.File // of Manifest.Files, in their order
	manifest []byte
	at       int64 // where the manifest begins
}

// Open reads the manifest of a package of size bytes, and compares the zip's directory with it. Nothing that was read is to be believed
// before [Package.Verify] has seen the signature; and no error of Open shows more of a package than excerpts of names.
func Open(r io.ReaderAt, size int64) (*Package, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("it is no package, or was cut off: %w", err)
	}
	if err := endsWithDirectory(r, size); err != nil {
		return nil, err
	}
	if len(z.File) == 0 || z.File[0].Name != ManifestName || z.File[0].Method != zip.Store {
		return nil, fmt.Errorf("it is no package: %s isn't its first file. daruma pack writes packages", ManifestName)
	}
	p := &Package{r: r, size: size, entries: z.File[1:]}
	if err := p.readManifest(z.File[0]); err != nil {
		return nil, err
	}
	return p, p.compare()
}

// endOfDirectory is what a zip without a comment ends with: 22 bytes (APPNOTE 4.3.16), the last two the comment's length.
const endOfDirectory = 22

// endsWithDirectory: package zip finds the end of the directory behind a comment and before other bytes, too. A file that is two things at
// once is none of ours.
func endsWithDirectory(r io.ReaderAt, size int64) error {
	end := make([]byte, endOfDirectory)
	if _, err := r.ReadAt(end, size-endOfDirectory); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("it can't be read: %w", err)
	}
	if !bytes.HasPrefix(end, []byte("PK\x05\x06")) || end[20] != 0 || end[21] != 0 {
		return errors.New("it isn't as daruma pack writes it: something stands behind its end")
	}
	return nil
}

// manifestAt is where the manifest begins: behind the header of the first entry (APPNOTE 4.3.7).
const manifestAt = 30 + int64(len(ManifestName))

func (p *Package) readManifest(entry *zip.File) error {
	var err error
	if p.at, err = entry.DataOffset(); err != nil {
		return fmt.Errorf("its manifest can't be read: %w", err)
	}
	length := entry.UncompressedSize64
	if length != entry.CompressedSize64 || length > maxManifest || p.at != manifestAt || p.at > p.size || int64(length) > p.size-p.at {
		return errors.New("its manifest has no size that can be right")
	}
	p.manifest = make([]byte, length)
	if _, err := p.r.ReadAt(p.manifest, p.at); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("its manifest can't be read: %w", err)
	}
	p.Manifest, err = DecodeManifest(p.manifest)
	return err
}

// compare holds the zip's directory to the manifest.
func (p *Package) compare() error {
	files := p.Manifest.Files
	if len(p.entries) != len(files) {
		return fmt.Errorf("its manifest has %d files, and the zip has %d", len(files), len(p.entries))
	}
	for i, entry := range p.entries {
		if entry.Name != files[i].Path {
			return fmt.Errorf("the zip has %.80q where the manifest has %q", entry.Name, files[i].Path)
		}
		if entry.UncompressedSize64 != uint64(files[i].Size) || entry.Method != zip.Deflate {
			return fmt.Errorf("the zip has another size for %q than the manifest, or another way to compress it", entry.Name)
		}
	}
	return nil
}

// Verify gives all bytes of the package to verify, which reads them to their end and checks the signature over them. What was read before
// is compared with what is read now: only a manifest that is a part of what was signed is believed, though somebody may write to the file
// meanwhile. The files themselves are held to the manifest when they are unpacked.
func (p *Package) Verify(verify func(io.Reader) error) error {
	seen := &window{r: io.NewSectionReader(p.r, 0, p.size), from: p.at, want: p.manifest}
	if err := verify(seen); err != nil {
		return err
	}
	if seen.differs || seen.at != p.size {
		return errors.New("the package was changed while it was read: copy it again, to where nobody else writes")
	}
	return nil
}

// window passes on what it reads, and compares a part of it.
type window struct {
	r       io.Reader
	at      int64
	from    int64
	want    []byte
	differs bool
}

func (w *window) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	begin, end := max(w.at, w.from), min(w.at+int64(n), w.from+int64(len(w.want)))
	if begin < end && !bytes.Equal(b[begin-w.at:end-w.at], w.want[begin-w.from:end-w.from]) {
		w.differs = true
	}
	w.at += int64(n)
	return n, err
}
