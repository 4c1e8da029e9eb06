package dev.firn.bucket;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStore;
import org.jclouds.blobstore.BlobStoreContext;

/** A real S3 server on loopback, whose objects are in memory or in a directory. */
public final class S3Service implements Closeable {
  public static final String KEY = "bucket-key";
  public static final String SECRET = "bucket-secret";
  private static final long PART_BYTES_MAX = 1L << 30;

  private final BlobStoreContext context;
  private final S3Proxy proxy;

  /** With objects in memory. */
  public S3Service() throws IOException {
    this(
        ContextBuilder.newBuilder("transient-nio2")
            .credentials("identity", "credential")
            .build(BlobStoreContext.class));
  }

  /** With objects in a directory, so that there can be many bytes. */
  public S3Service(Path directory) throws IOException {
    this(
        ContextBuilder.newBuilder("filesystem-nio2")
            .credentials("identity", "credential")
            .overrides(properties(directory))
            .build(BlobStoreContext.class));
  }

  private S3Service(BlobStoreContext context) throws IOException {
    this.context = context;
    proxy =
        S3Proxy.builder()
            .blobStore(context.getBlobStore())
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, KEY, SECRET)
            .v4MaxNonChunkedRequestSize(PART_BYTES_MAX)
            .build();
    try {
      proxy.start();
    } catch (Exception e) {
      context.close();
      throw new IOException(e);
    }
  }

  private static Properties properties(Path directory) throws IOException {
    Files.createDirectories(directory);
    Properties properties = new Properties();
    properties.setProperty("jclouds.filesystem.basedir", directory.toString());
    return properties;
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + proxy.getPort());
  }

  public BucketAddress address() {
    return new BucketAddress(endpoint(), "us-east-1", true, KEY, SECRET, null);
  }

  /** What is stored, past the server. */
  public BlobStore store() {
    return context.getBlobStore();
  }

  public void createBucket(String name) {
    store().createContainerInLocation(null, name);
  }

  /** The settings of a home that uses this server. */
  public String settings() {
    return "bucket.endpoint=" + endpoint() + "\nimport.private-networks=127.0.0.0/8\n";
  }

  @Override
  public void close() throws IOException {
    try {
      proxy.stop();
    } catch (Exception e) {
      throw new IOException(e);
    } finally {
      context.close();
    }
  }
}
