package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	testing "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

type rpcServer struct {
	testing.UnimplementedTestServiceServer
}

func (rpcServer) UnaryCall(ctx context.Context, request *testing.SimpleRequest) (*testing.SimpleResponse, error) {
	if request.ResponseSize < 0 {
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
		}
		return nil, ctx.Err()
	}
	from, _ := peer.FromContext(ctx)
	return &testing.SimpleResponse{Hostname: from.Addr.String(), Payload: request.Payload}, nil
}

func (rpcServer) StreamingOutputCall(request *testing.StreamingOutputCallRequest, stream grpc.ServerStreamingServer[testing.StreamingOutputCallResponse]) error {
	for _, each := range request.ResponseParameters {
		check(stream.Send(&testing.StreamingOutputCallResponse{Payload: &testing.Payload{Body: make([]byte, each.Size)}}))
	}
	return nil
}

func (rpcServer) FullDuplexCall(stream grpc.BidiStreamingServer[testing.StreamingOutputCallRequest, testing.StreamingOutputCallResponse]) error {
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&testing.StreamingOutputCallResponse{Payload: request.Payload}); err != nil {
			return err
		}
	}
}

func dialed(address string) (testing.TestServiceClient, *grpc.ClientConn) {
	conn := must(grpc.NewClient(address, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(trusted(), ""))))
	return testing.NewTestServiceClient(conn), conn
}

func rpc() {
	service, conn := dialed("rpc.internal:50051")
	defer conn.Close()
	var who peer.Peer
	response, err := service.UnaryCall(background, &testing.SimpleRequest{Payload: &testing.Payload{Body: []byte("hello")}}, grpc.Peer(&who))
	if err != nil {
		fmt.Println(clean(err))
		return
	}
	fmt.Printf("%s from %v, which sees me %v\n", response.Payload.Body, who.Addr, response.Hostname == who.LocalAddr.String())

	parameters := make([]*testing.ResponseParameters, 1000)
	for i := range parameters {
		parameters[i] = &testing.ResponseParameters{Size: int32(i)}
	}
	down := must(service.StreamingOutputCall(background, &testing.StreamingOutputCallRequest{ResponseParameters: parameters}))
	total := 0
	for {
		response, err := down.Recv()
		if err != nil {
			fmt.Println("streamed", total, clean(err))
			break
		}
		total += len(response.Payload.Body)
	}

	both := must(service.FullDuplexCall(background))
	total = 0
	for i := range 200 {
		check(both.Send(&testing.StreamingOutputCallRequest{Payload: &testing.Payload{Body: make([]byte, i*100)}}))
		total += len(must(both.Recv()).Payload.Body)
	}
	check(both.CloseSend())
	_, err = both.Recv()
	fmt.Println("duplex", total, clean(err))

	_, err = service.UnaryCall(soon(300*time.Millisecond), &testing.SimpleRequest{ResponseSize: -1})
	fmt.Println("slow:", status.Code(err)) // whoever notices first says why in words of its own
	for _, address := range []string{"rpc.internal:50052", badAddress + ":1001", "nowhere.internal:50051", "wrong.internal:50051"} {
		service, conn := dialed(address)
		_, err := service.UnaryCall(background, &testing.SimpleRequest{})
		fmt.Println(clean(err))
		conn.Close()
	}
}
