// Package certificate gives a server the certificate that it shows: one from files,
// which are read again when they change, or one that it makes for itself to be tried
// on one machine. It opens no port and checks no certificate of others.
package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files is a certificate in a PEM file, with its chain, and its key in another one.
// Its methods are safe for concurrent use.
type Files struct {
	certificate, key string
	log              *slog.Logger

	mutex   sync.Mutex
	loaded  tls.Certificate
	stamp   [2]time.Time // when the files were changed that are loaded
	checked time.Time
}

// checkEvery is how long a change of the files may go unnoticed.
const checkEvery = time.Second

// Open reads the files.
func Open(certificate, key string, log *slog.Logger) (*Files, error) {
	f := &Files{certificate: certificate, key: key, log: log}
	stamp, err := f.stamps()
	if err != nil {
		return nil, err
	}
	if err := f.load(stamp); err != nil {
		return nil, err
	}
	return f, nil
}

// TLS returns the configuration of a server that shows the certificate.
func (f *Files) TLS() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current(), nil },
	}
}

// current returns the certificate of the files as they are now. While they cannot be
// read, as in the middle of being replaced, it is the one from before.
func (f *Files) current() *tls.Certificate {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if time.Since(f.checked) < checkEvery {
		return &f.loaded
	}
	f.checked = time.Now()
	stamp, err := f.stamps()
	if err == nil && stamp != f.stamp {
		err = f.load(stamp)
		if err == nil {
			f.log.Info("certificate read again", "file", f.certificate)
		}
	}
	if err != nil {
		f.log.Error("the certificate's files cannot be read; the one from before is used", "error", err.Error())
	}
	return &f.loaded
}

func (f *Files) stamps() (stamp [2]time.Time, err error) {
	for i, file := range []string{f.certificate, f.key} {
		info, err := os.Stat(file)
		if err != nil {
			return stamp, fmt.Errorf("read the certificate: %w", err)
		}
		stamp[i] = info.ModTime()
	}
	return stamp, nil
}

func (f *Files) load(stamp [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err != nil {
		return fmt.Errorf("read the certificate %s with the key %s: %w", f.certificate, f.key, err)
	}
	f.loaded, f.stamp = pair, stamp
	return nil
}
