// Client talks to an agent over a Unix socket with nothing of elsewhere's but its .proto files and docs/protocol.md: the
// messages and calls are what protoc-gen-go and protoc-gen-go-grpc make of them, HTTP/2 is that of grpc-go, and of
// golang.org/x/net for a connection's bytes. What it finds goes to standard output, a line each.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "interop/elsewherev1"
)

// socket of the agent, and ports in the target that echo.
var socket, tcpPort, udpPort = os.Args[1], portOf(os.Args[2]), portOf(os.Args[3])

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	connection, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(err)
	files(ctx, connection)
	datagrams(ctx, connection)
	must(connection.Close())
	stream(ctx)
}

func files(ctx context.Context, connection *grpc.ClientConn) {
	agent, files := pb.NewAgentServiceClient(connection), pb.NewFilesServiceClient(connection)
	_, err := files.Stat(ctx, &pb.StatRequest{Place: path("/")})
	fmt.Println("before Hello:", status.Code(err))
	hello, err := agent.Hello(ctx, &pb.HelloRequest{Versions: []uint32{1, 77}, Client: "interop"})
	must(err)
	fmt.Println("version", hello.Version, "of", hello.Identity.Nodename, "in", string(hello.WorkingDirectory))
	_, err = agent.Hello(ctx, &pb.HelloRequest{Versions: []uint32{1}})
	fmt.Println("Hello again:", status.Code(err))

	opened, err := files.Open(ctx, &pb.OpenRequest{Place: path("/srv/made"), Flags: syscall.O_RDWR | syscall.O_CREAT, Mode: 0o640})
	must(err)
	fmt.Println("open:", errno(opened.Errno), opened.Handle != 0, len(opened.Statx))
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB, the most that a message may have
	written, err := files.Write(ctx, &pb.WriteRequest{Handle: opened.Handle, Offset: 5, Data: data})
	must(err)
	fmt.Println("write:", errno(written.Errno), written.Written, written.Size)
	read, err := files.Read(ctx, &pb.ReadRequest{Handle: opened.Handle, Offset: 5, Length: 1 << 20})
	must(err)
	fmt.Println("read:", errno(read.Errno), bytes.Equal(read.Data, data))
	stat, err := files.Stat(ctx, &pb.StatRequest{Place: &pb.Place{Directory: opened.Handle}})
	must(err)
	// struct statx: stx_mode, stx_size
	fmt.Printf("stat: %v %o %d\n", errno(stat.Errno), binary.LittleEndian.Uint16(stat.Statx[28:]), binary.LittleEndian.Uint64(stat.Statx[40:]))
	closed, err := files.Close(ctx, &pb.CloseRequest{Handle: opened.Handle})
	must(err)
	again, err := files.Read(ctx, &pb.ReadRequest{Handle: opened.Handle, Length: 1})
	must(err)
	fmt.Println("close:", errno(closed.Errno), "then", errno(again.Errno))

	directory, err := files.Open(ctx, &pb.OpenRequest{Place: path("/srv"), Flags: syscall.O_RDONLY | syscall.O_DIRECTORY})
	must(err)
	list, err := files.ReadDirectory(ctx, &pb.ReadDirectoryRequest{Handle: directory.Handle, WithAttributes: true})
	must(err)
	names := []string{}
	for _, entry := range list.Entries {
		names = append(names, string(entry.Name))
	}
	slices.Sort(names) // they come in the file system's order
	fmt.Println("entries:", names)
	fmt.Println("end:", list.End, string(directory.Path))
	for _, name := range []string{"/nowhere", "/srv/../../../etc/passwd", "/proc/self/root/etc/passwd"} {
		missing, err := files.Open(ctx, &pb.OpenRequest{Place: path(name)})
		must(err)
		fmt.Println("open", name+":", errno(missing.Errno))
	}
	_, err = files.Write(ctx, &pb.WriteRequest{Data: make([]byte, 2<<20)})
	fmt.Println("more than 2 MiB:", status.Code(err))
	err = connection.Invoke(ctx, "/elsewhere.v1.FilesService/Forget", &pb.CloseRequest{}, &pb.Result{})
	fmt.Println("no such call:", status.Code(err))
}

// datagrams: the messages of a socket are those of a stream, in both directions.
func datagrams(ctx context.Context, connection *grpc.ClientConn) {
	flow, err := connection.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, pb.NetworkService_Associate_FullMethodName)
	must(err)
	must(flow.SendMsg(&pb.AssociateRequest{To: loopback(udpPort)}))
	answer := &pb.AssociateResponse{}
	must(flow.RecvMsg(answer))
	fmt.Println("associate:", errno(answer.Errno), answer.Remote.Port == uint32(udpPort))
	for _, text := range []string{"one", "", "three"} {
		must(flow.SendMsg(&pb.Datagram{Data: []byte(text)}))
		echo := &pb.Datagram{}
		must(flow.RecvMsg(echo))
		fmt.Printf("datagram: %q %v\n", echo.Data, errno(echo.Errno))
	}
}

// stream: behind one message each way are a connection's bytes; an end that is meant is told by trailers.
func stream(ctx context.Context) {
	transport := &http2.Transport{AllowHTTP: true, DialTLSContext: func(ctx context.Context, _, _ string, _ *tls.Config) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	greeting, _ := proto.Marshal(&pb.HelloRequest{Versions: []uint32{1}})
	hello := post(ctx, transport, pb.AgentService_Hello_FullMethodName, bytes.NewReader(frame(greeting)), nil)
	_, err := io.Copy(io.Discard, hello.Body)
	must(err)
	fmt.Println("hello:", hello.Trailer.Get("grpc-status"))

	request, _ := proto.Marshal(&pb.ConnectRequest{To: &pb.Endpoint{Kind: &pb.Endpoint_Internet{Internet: loopback(tcpPort)}}})
	body, writer := io.Pipe()
	said := bytes.Repeat([]byte("there and back again "), 100_000)
	go func() {
		_, err := writer.Write(frame(request))
		must(err)
		_, err = writer.Write(said)
		must(err)
		must(writer.Close())
	}()
	response := post(ctx, transport, pb.NetworkService_Connect_FullMethodName, body, http.Header{"Grpc-Status": {"0"}})
	answer := &pb.ConnectResponse{}
	must(proto.Unmarshal(unframe(response.Body), answer))
	heard, err := io.ReadAll(response.Body)
	must(err)
	fmt.Println("connect:", errno(answer.Errno), answer.Remote.GetInternet().Port == uint32(tcpPort))
	fmt.Println("heard:", len(heard), bytes.Equal(heard, said), "end", response.Trailer.Get("grpc-status"))
}

func post(ctx context.Context, transport http.RoundTripper, method string, body io.Reader, trailer http.Header) *http.Response {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://agent"+method, body)
	must(err)
	request.URL.Scheme = "http"
	request.Header.Set("content-type", "application/grpc+proto")
	request.Header.Set("te", "trailers")
	request.Trailer = trailer
	response, err := transport.RoundTrip(request)
	must(err)
	return response
}

// frame: a message as gRPC has it, not compressed.
func frame(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

func unframe(from io.Reader) []byte {
	var prefix [5]byte
	_, err := io.ReadFull(from, prefix[:])
	must(err)
	message := make([]byte, binary.BigEndian.Uint32(prefix[1:]))
	_, err = io.ReadFull(from, message)
	must(err)
	return message
}

func path(name string) *pb.Place { return &pb.Place{Path: []byte(name)} }

func loopback(port uint16) *pb.Internet {
	return &pb.Internet{Ip: []byte{127, 0, 0, 1}, Port: uint32(port)}
}

func errno(number uint32) any {
	if number == 0 {
		return 0
	}
	return syscall.Errno(number)
}

func portOf(text string) uint16 {
	port, err := strconv.ParseUint(text, 10, 16)
	must(err)
	return uint16(port)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
