package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class RequestTest {
  @Test
  void namesEndAtTheirNul() throws Exception {
    byte[] raw = {(byte) 0xff, 'x', 0};
    Request request = Requests.of(Opcode.SYMLINK, 5, raw, "target");
    assertArrayEquals(new byte[] {(byte) 0xff, 'x'}, request.nameAt(0));
    assertEquals("target", new String(request.nameAt(3), "UTF-8"));
    request.free();
  }

  @Test
  void nameWithoutEndIsInvalid() {
    Request request = Requests.of(Opcode.LOOKUP, 1, new byte[] {'a', 'b'});
    ErrnoException refusal = assertThrows(ErrnoException.class, () -> request.nameAt(0));
    assertEquals(Errno.EINVAL, refusal.errno());
    request.free();
  }

  @Test
  void payloadLongerThanTheRequestIsInvalid() throws Exception {
    Request request = Requests.of(Opcode.WRITE, 1, new byte[40], new byte[] {1, 2, 3});
    ByteBuffer payload = request.payloadAt(40, 3);
    assertEquals(3, payload.remaining());
    assertEquals(1, payload.get());
    assertThrows(ErrnoException.class, () -> request.payloadAt(40, 4));
    assertThrows(ErrnoException.class, () -> request.payloadAt(40, -1));
    assertThrows(ErrnoException.class, () -> request.bytesAt(0, Integer.MAX_VALUE));
    request.free();
  }

  @Test
  void copySurvivesTheNextRequest() throws Exception {
    Request request = Requests.of(Opcode.MKDIR, 9, 0755, 022, "name");
    Request copy = request.detach();
    request.input.bytes.putInt(4, Opcode.FSYNC).putLong(8, 1).put(48, (byte) 'x');
    assertEquals(Opcode.MKDIR, copy.opcode());
    assertEquals(77, copy.unique());
    assertEquals("name", new String(copy.nameAt(8), "UTF-8"));
    request.free();
    copy.free();
  }

  @Test
  void answerHasHeaderAndLength() {
    Request request = Requests.of(Opcode.GETATTR, 1);
    assertEquals(24, request.seal(0, 8));
    assertEquals(24, request.output.bytes.getInt(0));
    assertEquals(0, request.output.bytes.getInt(4));
    assertEquals(77, request.output.bytes.getLong(8));
    request.seal(-Errno.ENOENT.number(), 0);
    assertEquals(16, request.output.bytes.getInt(0));
    assertEquals(-2, request.output.bytes.getInt(4));
    request.free();
  }
}
