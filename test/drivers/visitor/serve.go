package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
	"unsafe"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	testing "google.golang.org/grpc/interop/grpc_testing"
)

// serve gives the loopback interface the addresses and serves on them until its input ends.
func serve(directory string) {
	for i, address := range []string{databaseAddress, cacheAddress, apiAddress, rpcAddress, clockAddress, badAddress, dnsAddress} {
		giveAddress(fmt.Sprint("lo:", i), net.ParseIP(address).To4())
	}
	check(os.MkdirAll(filepath.Join(directory, "run"), 0o777))
	check(os.Chmod(filepath.Join(directory, "run"), 0o777))
	certificate := makeCertificates(directory)
	serveNames()
	serveAPI(certificate)
	server := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&certificate)))
	testing.RegisterTestServiceServer(server, rpcServer{})
	go server.Serve(must(net.Listen("tcp", rpcAddress+":50051")))
	serveClock()
	serveDaemon(directory)
	misbehave()
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}

// giveAddress is ifconfig(8): SIOCSIFADDR, SIOCSIFFLAGS (netdevice(7)).
func giveAddress(name string, ip net.IP) {
	fd := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0))
	defer syscall.Close(fd)
	request := func(name string, number uintptr, value []byte) {
		var ifreq [40]byte
		copy(ifreq[:16], name)
		copy(ifreq[16:], value)
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), number, uintptr(unsafe.Pointer(&ifreq))); errno != 0 {
			panic(errno)
		}
	}
	request("lo", syscall.SIOCSIFFLAGS, []byte{syscall.IFF_UP, 0})
	request(name, syscall.SIOCSIFADDR, append([]byte{syscall.AF_INET, 0, 0, 0}, ip...))
	request(name, syscall.SIOCSIFNETMASK, []byte{syscall.AF_INET, 0, 0, 0, 255, 255, 255, 255})
}

// makeCertificates leaves ca.pem, and server.pem and server.key for PostgreSQL.
func makeCertificates(directory string) tls.Certificate {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		}
	}
	authority := template(1, "the authority")
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	root := must(x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key))
	server := template(2, "the server")
	server.DNSNames = []string{"db.internal", "api.internal", "rpc.internal"}
	leaf := must(x509.CreateCertificate(rand.Reader, server, authority, &key.PublicKey, key))
	write := func(name, kind string, bytes []byte) {
		mode := os.FileMode(0o644)
		if name == "server.key" {
			mode = 0o600 // PostgreSQL insists
		}
		check(os.WriteFile(filepath.Join(directory, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), mode))
	}
	write("ca.pem", "CERTIFICATE", root)
	write("server.pem", "CERTIFICATE", leaf)
	write("server.key", "EC PRIVATE KEY", must(x509.MarshalECPrivateKey(key)))
	return tls.Certificate{Certificate: [][]byte{leaf}, PrivateKey: key}
}

func serveAPI(certificate tls.Certificate) {
	mux := http.NewServeMux()
	mux.HandleFunc("/address", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "Sum")
		fmt.Fprint(w, r.RemoteAddr)
		w.Header().Set("Sum", "1")
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.HandleFunc("/sum", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		io.Copy(sum, r.Body)
		fmt.Fprintf(w, "%x", sum.Sum(nil))
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Write(make([]byte, 500))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	server := &http.Server{Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}}
	go server.ServeTLS(must(net.Listen("tcp", apiAddress+":443")), "", "")
}

// serveClock answers as NTP servers do (RFC 5905): on 123 and 124; on 126 it does not.
func serveClock() {
	for _, port := range []string{"123", "124", "126"} {
		socket := must(net.ListenPacket("udp", clockAddress+":"+port))
		go func() {
			packet := make([]byte, 512)
			for {
				count, from, err := socket.ReadFrom(packet)
				if err != nil {
					return
				}
				if port == "126" || count < 48 {
					continue
				}
				packet[0] = 0x24
				copy(packet[12:], "TEST")
				socket.WriteTo(packet[:count], from)
			}
		}()
	}
}

func serveDaemon(directory string) {
	check(os.Chdir(filepath.Join(directory, "run"))) // the path may be longer than a socket's name
	listener := must(net.Listen("unix", "daemon.sock"))
	check(os.Chmod("daemon.sock", 0o777))
	abandoned := must(net.ListenUnix("unix", &net.UnixAddr{Name: "abandoned.sock"}))
	check(os.Chmod("abandoned.sock", 0o777))
	abandoned.SetUnlinkOnClose(false)
	check(abandoned.Close())
	go accept(listener, func(conn net.Conn) {
		lines := bufio.NewScanner(conn)
		for lines.Scan() {
			fmt.Fprintln(conn, "answer to", lines.Text())
		}
		fmt.Fprint(conn, "good bye")
		conn.Close()
	})
}

func accept(listener net.Listener, then func(net.Conn)) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go then(conn)
	}
}

// misbehave: 1001 resets, 1002 is full, 1003 is silent, 1004 ends at once, 1005 ends in the middle by a reset; nobody is at 1006.
func misbehave() {
	on := func(port int, then func(*net.TCPConn)) {
		go accept(must(net.Listen("tcp", fmt.Sprint(badAddress, ":", port))), func(conn net.Conn) { then(conn.(*net.TCPConn)) })
	}
	on(1001, func(conn *net.TCPConn) {
		conn.Read(make([]byte, 1))
		conn.SetLinger(0)
		conn.Close()
	})
	on(1003, func(*net.TCPConn) {})
	on(1004, func(conn *net.TCPConn) {
		io.Copy(io.Discard, io.LimitReader(conn, 6))
		conn.Close()
	})
	on(1005, func(conn *net.TCPConn) {
		conn.Read(make([]byte, 6))
		conn.Write(make([]byte, 1000))
		time.Sleep(100 * time.Millisecond)
		conn.SetLinger(0)
		conn.Close()
	})
	full := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0))
	address := &syscall.SockaddrInet4{Port: 1002, Addr: [4]byte(net.ParseIP(badAddress).To4())}
	check(syscall.Bind(full, address))
	check(syscall.Listen(full, 0))
	for range 3 { // one is in the queue, the others wait for ever
		go net.DialTimeout("tcp", badAddress+":1002", time.Hour)
	}
}
