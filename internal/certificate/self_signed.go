package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	lifetime = 365 * 24 * time.Hour
	renewal  = 30 * 24 * time.Hour // how long before its end it is made anew
)

// Paths are the files of a certificate that Usher made for itself.
type Paths struct {
	Authority   string // certificate of the authority, which clients have to trust
	Certificate string
	Key         string
}

// SelfSigned makes a certificate for this machine alone (localhost, 127.0.0.1, ::1)
// and the authority that signs it, in a folder, unless there is one that lasts for
// another 30 days. The authority's key is thrown away, so that it can sign nothing
// else.
func SelfSigned(folder string) (Paths, error) {
	paths := Paths{filepath.Join(folder, "ca.pem"), filepath.Join(folder, "server.pem"), filepath.Join(folder, "server-key.pem")}
	if paths.last(time.Now().Add(renewal)) {
		return paths, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return paths, fmt.Errorf("make the folder of the certificate: %w", err)
	}
	if err := paths.make(time.Now()); err != nil {
		return paths, fmt.Errorf("make a certificate: %w", err)
	}
	return paths, nil
}

// last reports whether the files are there and good until a moment.
func (p Paths) last(until time.Time) bool {
	pair, err := tls.LoadX509KeyPair(p.Certificate, p.Key)
	if err != nil || pair.Leaf == nil || until.After(pair.Leaf.NotAfter) {
		return false
	}
	text, err := os.ReadFile(p.Authority)
	if err != nil {
		return false
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "localhost"})
	return err == nil
}

func (p Paths) make(now time.Time) error {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "Usher on this machine"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lifetime), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, MaxPathLenZero: true,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"localhost"},
		PermittedIPRanges: []*net.IPNet{{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}, {IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)}},
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano() + 1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, authority, &leafKey.PublicKey, authorityKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		path, kind string
		der        []byte
	}{{p.Authority, "CERTIFICATE", authorityDER}, {p.Certificate, "CERTIFICATE", leafDER}, {p.Key, "PRIVATE KEY", keyDER}} {
		if err := os.WriteFile(file.path, pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.der}), 0o600); err != nil {
			return err
		}
	}
	return nil
}
