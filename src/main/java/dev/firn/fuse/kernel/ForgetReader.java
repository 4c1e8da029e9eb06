package dev.firn.fuse.kernel;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Reads what still comes over /dev/fuse when requests come over rings: FORGET and INTERRUPT, and
 * whatever was sent before the rings were registered. Nobody waits for the answer to a FORGET, so
 * it lets some gather: a deletion of many files must not wake a thread for each.
 */
final class ForgetReader implements Runnable {
  private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Session session;
  private final Dispatcher dispatcher;
  private final Device device;
  private final Request request = new Request(Session.IN_BYTES, Session.OUT_BYTES);

  ForgetReader(Session session, Dispatcher dispatcher, Device device) {
    this.session = session;
    this.dispatcher = dispatcher;
    this.device = device;
  }

  @Override
  public void run() {
    Throwable fault = null;
    try {
      while (device.receive(request)) {
        serve();
      }
    } catch (Throwable e) {
      fault = e;
    } finally {
      request.free();
      if (fault != null) {
        session.ringFailed("the reader of FORGET", fault);
      }
      session.readerEnded(null);
    }
  }

  private void serve() {
    dispatcher.received(request);
    switch (request.opcode()) {
      case Opcode.FORGET, Opcode.BATCH_FORGET -> {
        session.serve(device, request);
        LockSupport.parkNanos(GATHER_NANOS);
      }
      default -> {
        if (dispatcher.maySleep(request)) {
          serveSlow();
        } else {
          session.serve(device, request);
        }
      }
    }
  }

  private void serveSlow() {
    if (!Dispatcher.isSync(request) || !session.joinSyncs(device, request)) {
      session.serveElsewhere(device, request.detach());
    }
  }
}
