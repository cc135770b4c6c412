package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// image makes the container image as an archive of an OCI image layout (github.com/opencontainers/image-spec, image-layout.md and config.md): what
// skopeo copies, podman and docker load, and registries take.
//
// It is from scratch: the two executables, the folders that daruma writes to, and nothing else. daruma is process 1.
func (r release) image(t target, archive []file) ([]byte, error) {
	layer, err := r.layer(archive)
	if err != nil {
		return nil, err
	}
	packed := compressed(layer)
	config, err := json.Marshal(r.imageConfig(t, layer))
	if err != nil {
		return nil, err
	}
	manifest, err := json.Marshal(imageManifest{
		Schema: 2, MediaType: mediaManifest, Config: described(mediaConfig, config), Layers: []descriptor{described(mediaLayer, packed)},
	})
	if err != nil {
		return nil, err
	}
	entry := described(mediaManifest, manifest)
	entry.Platform = t.platform()
	entry.Annotations = map[string]string{"org.opencontainers.image.ref.name": r.version}
	index, err := json.Marshal(imageIndex{Schema: 2, MediaType: mediaIndex, Manifests: []descriptor{entry}})
	if err != nil {
		return nil, err
	}
	files := []file{{"oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`)}, {"index.json", 0o644, index}}
	for _, blob := range [][]byte{config, packed, manifest} {
		files = append(files, file{fmt.Sprintf("blobs/sha256/%x", sha256.Sum256(blob)), 0o644, blob})
	}
	return plainTar(sorted(files), r.date)
}

const (
	mediaIndex    = "application/vnd.oci.image.index.v1+json"
	mediaManifest = "application/vnd.oci.image.manifest.v1+json"
	mediaConfig   = "application/vnd.oci.image.config.v1+json"
	mediaLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

type (
	descriptor struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int               `json:"size"`
		Platform    *platform         `json:"platform,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	platform struct {
		Architecture string `json:"architecture"`
		OS           string `json:"os"`
		Variant      string `json:"variant,omitempty"`
	}
	imageManifest struct {
		Schema    int          `json:"schemaVersion"`
		MediaType string       `json:"mediaType"`
		Config    descriptor   `json:"config"`
		Layers    []descriptor `json:"layers"`
	}
	imageIndex struct {
		Schema    int          `json:"schemaVersion"`
		MediaType string       `json:"mediaType"`
		Manifests []descriptor `json:"manifests"`
	}
	imageConfig struct {
		Created string `json:"created"`
		Author  string `json:"author"`
		platform
		Config execution `json:"config"`
		Root   rootFS    `json:"rootfs"`
	}
	execution struct {
		Env        []string          `json:"Env"`
		Entrypoint []string          `json:"Entrypoint"`
		Cmd        []string          `json:"Cmd"`
		WorkingDir string            `json:"WorkingDir"`
		StopSignal string            `json:"StopSignal"`
		Labels     map[string]string `json:"Labels"`
	}
	rootFS struct {
		Type  string   `json:"type"`
		Diffs []string `json:"diff_ids"`
	}
)

func described(media string, data []byte) descriptor {
	return descriptor{MediaType: media, Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(data)), Size: len(data)}
}

func (t target) platform() *platform {
	p := &platform{Architecture: t.arch, OS: t.os}
	if t.arm != "" {
		p.Variant = "v" + t.arm
	}
	return p
}

// imageConfig: whoever derives an image puts daruma.yaml into /etc/daruma and the programs beside it.
func (r release) imageConfig(t target, layer []byte) imageConfig {
	return imageConfig{
		Created: r.date.Format(time.RFC3339), Author: "The daruma authors", platform: *t.platform(),
		Config: execution{
			Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, Entrypoint: []string{"/usr/bin/daruma"},
			Cmd: []string{"run", "daruma.yaml"}, WorkingDir: "/etc/daruma", StopSignal: "SIGTERM",
			Labels: map[string]string{"org.opencontainers.image.title": "daruma", "org.opencontainers.image.version": r.version, "org.opencontainers.image.revision": r.commit,
				"org.opencontainers.image.source": "https://github.com/daruma-sh/daruma", "org.opencontainers.image.licenses": "Apache-2.0"},
		},
		Root: rootFS{"layers", []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
	}
}

// layer is the image's file system, as a tar archive.
func (r release) layer(archive []file) ([]byte, error) {
	files := []file{{"etc/daruma/", os.ModeDir | 0o755, nil}, {"tmp/", os.ModeDir | os.ModeSticky | 0o777, nil}, {"var/lib/", os.ModeDir | 0o755, nil}, {"run/", os.ModeDir | 0o755, nil}}
	for _, f := range archive {
		switch f.name {
		case "daruma", "daruma-observe":
			f.name = "usr/bin/" + f.name
		case "LICENSE":
			f.name = "usr/share/doc/daruma/LICENSE"
		default:
			continue
		}
		files = append(files, f)
	}
	return plainTar(sorted(files), r.date)
}

// plainTar packs files and folders, all of root and of the same date.
func plainTar(files []file, date time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		head := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: int64(f.mode.Perm()), Size: int64(len(f.data)), ModTime: date, Format: tar.FormatUSTAR}
		if f.mode.IsDir() {
			head.Typeflag = tar.TypeDir
		}
		if f.mode&os.ModeSticky != 0 {
			head.Mode |= 0o1000
		}
		if err := w.WriteHeader(head); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}
