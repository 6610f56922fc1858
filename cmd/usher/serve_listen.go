package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/usher-id/usher/internal/certificate"
	"github.com/usher-id/usher/internal/origin"
)

// selfSigned as --tls makes a certificate for this machine.
const selfSigned = "self-signed"

// listenFlags say where the service listens, and how it is encrypted.
type listenFlags struct {
	address  string
	insecure bool
	tls      string
	cert     string
	key      string
	origin   origin.Origin
}

func (f *listenFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.address, "listen", "127.0.0.1:8080", "address that the service listens on")
	flags.BoolVar(&f.insecure, "insecure-http", false, "let --listen name an address that other machines reach, although HTTP is not encrypted")
	flags.StringVar(&f.tls, "tls", "", "\""+selfSigned+"\" encrypts with a certificate that is made for this machine alone, for trying")
	flags.StringVar(&f.cert, "tls-cert", "", "PEM file with the certificate and its chain; it is read again when it changes")
	flags.StringVar(&f.key, "tls-key", "", "PEM file with the certificate's key")
	flags.StringVar(&f.origin.URL, "base-url", "", "scheme and host under which clients reach the API, for links in its answers; by default what each request says")
	flags.BoolVar(&f.origin.TrustForwarded, "trust-forwarded", false, "take scheme and host from X-Forwarded-Proto and X-Forwarded-Host, which a proxy in front must set")
}

// encrypted reports whether the service speaks TLS.
func (f *listenFlags) encrypted() bool { return f.tls != "" || f.cert != "" }

// check refuses flags that cannot be meant.
func (f *listenFlags) check() error {
	host, _, err := net.SplitHostPort(f.address)
	if err != nil {
		return fmt.Errorf("--listen is host:port, such as 127.0.0.1:8080, not %q", f.address)
	}
	ip := net.ParseIP(host)
	local := host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case f.tls != "" && f.tls != selfSigned:
		return fmt.Errorf("--tls is %s, not %q; a certificate from files is --tls-cert with --tls-key", selfSigned, f.tls)
	case (f.cert == "") != (f.key == ""):
		return errors.New("--tls-cert and --tls-key belong together")
	case f.tls != "" && f.cert != "":
		return errors.New("give either --tls or --tls-cert with --tls-key, not both")
	case f.tls != "" && !local:
		return fmt.Errorf("the certificate of --tls %s is for this machine alone, and --listen %s can be reached from others: use --tls-cert and --tls-key", selfSigned, f.address)
	case !f.encrypted() && !local && !f.insecure:
		return fmt.Errorf("--listen %s can be reached from other machines, and HTTP is not encrypted: add --tls-cert and --tls-key, "+
			"put a proxy in front of a loopback address, or add --insecure-http", f.address)
	}
	return f.checkBase()
}

func (f *listenFlags) checkBase() error {
	if f.origin.URL == "" {
		return nil
	}
	base, err := url.Parse(f.origin.URL)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" || base.Path != "" && base.Path != "/" || base.RawQuery != "" {
		return fmt.Errorf("--base-url is scheme and host, such as https://usher.contoso.com, not %q", f.origin.URL)
	}
	return nil
}

// open listens. A certificate that is made for this machine is kept below the folder.
func (f *listenFlags) open(ctx context.Context, folder string, log *slog.Logger) (net.Listener, error) {
	config, err := f.config(ctx, folder, log)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	return listener, nil
}

// config returns the configuration of TLS, nil for none.
func (f *listenFlags) config(ctx context.Context, folder string, log *slog.Logger) (*tls.Config, error) {
	cert, key := f.cert, f.key
	if f.tls == selfSigned {
		paths, err := certificate.SelfSigned(filepath.Join(folder, "tls"))
		if err != nil {
			return nil, err
		}
		log.InfoContext(ctx, "clients have to trust the certificate authority of this machine", "ca_file", paths.Authority)
		cert, key = paths.Certificate, paths.Key
	}
	if cert == "" {
		return nil, nil //nolint:nilnil // no configuration is an answer
	}
	files, err := certificate.Open(cert, key, log)
	if err != nil {
		return nil, err
	}
	config := files.TLS()
	config.NextProtos = []string{"http/1.1"}
	return config, nil
}
