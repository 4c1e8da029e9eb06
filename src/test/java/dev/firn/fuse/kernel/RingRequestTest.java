package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.firn.vfs.ErrnoException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Requests whose parts lie where a ring's entry has them. */
class RingRequestTest {
  private static final int ARGUMENTS_AT = 128;

  private final ByteBuffer header = ByteBuffer.allocateDirect(288).order(ByteOrder.nativeOrder());
  private final ByteBuffer payload = ByteBuffer.allocateDirect(4096).order(ByteOrder.nativeOrder());
  private final Request request = new Request(header, ARGUMENTS_AT, payload);

  private void arrives(int opcode, String... names) {
    header.putInt(4, opcode).putLong(8, 77).putLong(16, 5).putInt(24, 1000).putInt(28, 100);
    int at = 0;
    for (String name : names) {
      byte[] bytes = (name + '\0').getBytes(StandardCharsets.UTF_8);
      payload.put(at, bytes);
      at += bytes.length;
    }
    request.receivedInParts(at);
  }

  @Test
  void namesFollowTheFirstStructureWhereverItIs() throws Exception {
    arrives(Opcode.RENAME2, "old", "new");
    header.putLong(ARGUMENTS_AT, 9).putInt(ARGUMENTS_AT + 8, 1);
    assertEquals(9, request.longAt(0));
    assertEquals(1, request.intAt(8));
    assertEquals("old", new String(request.nameAt(16), StandardCharsets.UTF_8));
    assertEquals("new", new String(request.nameAt(20), StandardCharsets.UTF_8));
  }

  @Test
  void withoutAFirstStructureNamesComeAtOnce() throws Exception {
    arrives(Opcode.SYMLINK, "name", "target");
    assertEquals("name", new String(request.nameAt(0), StandardCharsets.UTF_8));
    assertEquals("target", new String(request.nameAt(5), StandardCharsets.UTF_8));
  }

  @Test
  void whatIsLeftOfAnEarlierPayloadIsNoName() {
    arrives(Opcode.LOOKUP, "long-name");
    payload.put(0, new byte[] {'a', 'b'});
    request.receivedInParts(2);
    assertThrows(ErrnoException.class, () -> request.nameAt(0));
  }

  @Test
  void bytesToWriteAreThePayload() throws Exception {
    arrives(Opcode.WRITE, "xyz");
    header.putLong(ARGUMENTS_AT + 8, 4096).putInt(ARGUMENTS_AT + 16, 3);
    assertEquals(4096, request.longAt(8));
    ByteBuffer bytes = request.payloadAt(40, 3);
    assertEquals(3, bytes.remaining());
    assertEquals('x', bytes.get());
    assertThrows(ErrnoException.class, () -> request.payloadAt(40, 5));
  }

  @Test
  void anAnswerTakesThePlacesOfTheRequest() {
    arrives(Opcode.GETXATTR, "user.name");
    request.putLong(0, 0x0102030405060708L);
    request.seal(0, Long.BYTES);
    assertEquals(Request.OUT_HEADER_BYTES + Long.BYTES, header.getInt(0));
    assertEquals(0, header.getInt(4));
    assertEquals(77, header.getLong(8));
    assertEquals(0x0102030405060708L, payload.getLong(0));
    assertEquals(Opcode.GETXATTR, request.opcode());
    assertEquals(4096, request.bodyBytesMax());
  }

  @Test
  void processorsAreListedAsRanges() {
    assertEquals(1, Rings.count("0"));
    assertEquals(7, Rings.count("0-3,8,10-11"));
  }

  @Test
  void theTwoFormsOfARequestAreTheSame() throws Exception {
    arrives(Opcode.MKDIR, "name");
    header.putInt(ARGUMENTS_AT, 0755).putInt(ARGUMENTS_AT + 4, 022);
    Request message = Requests.of(Opcode.MKDIR, 5, 0755, 022, "name");
    for (int at = 0; at < 8; at += 4) {
      assertEquals(message.intAt(at), request.intAt(at));
    }
    assertArrayEquals(message.nameAt(8), request.nameAt(8));
    assertEquals(message.uid(), request.uid());
    assertEquals(message.node(), request.node());
    message.free();
  }
}
