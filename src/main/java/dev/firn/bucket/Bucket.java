package dev.firn.bucket;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.Part;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/**
 * One bucket of an S3-compatible service. Every failure is told as a {@link FirnException} without
 * secrets, and passing ones are tried again first. Safe for concurrent use.
 *
 * <p>Bodies are sent with Content-MD5, which every such service verifies before it takes them; the
 * newer checksums are not used, since many do not know them.
 */
public final class Bucket implements Closeable {
  private static final int ATTEMPTS_MAX = 6;
  private static final Duration CONNECT_TIME_MAX = Duration.ofSeconds(10);
  private static final Duration SILENCE_MAX = Duration.ofSeconds(60);
  private static final Duration PRESIGNED_MAX = Duration.ofDays(7);
  private static final int NOT_FOUND = 404;

  private final BucketAddress address;
  private final String name;
  private final S3Client client;

  private Bucket(BucketAddress address, String name, S3Client client) {
    this.address = address;
    this.name = name;
    this.client = client;
  }

  /** Makes no request yet. */
  public static Bucket open(BucketAddress address, String name) {
    S3Client client =
        told(
            name,
            () ->
                S3Client.builder()
                    .endpointOverride(address.endpoint())
                    .region(Region.of(address.region()))
                    .credentialsProvider(StaticCredentialsProvider.create(credentials(address)))
                    .serviceConfiguration(configuration(address))
                    .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                    .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                    .httpClientBuilder(
                        Apache5HttpClient.builder()
                            .connectionTimeout(CONNECT_TIME_MAX)
                            .socketTimeout(SILENCE_MAX))
                    .overrideConfiguration(
                        each ->
                            each.retryStrategy(
                                StandardRetryStrategy.builder().maxAttempts(ATTEMPTS_MAX).build()))
                    .build());
    return new Bucket(address, name, client);
  }

  /**
   * A URL with which anybody may read an object until it expires.
   *
   * @param validity up to seven days
   */
  public static URI presign(BucketAddress address, ObjectName object, Duration validity) {
    if (validity.compareTo(PRESIGNED_MAX) > 0
        || validity.isNegative()
        || validity.toSeconds() == 0) {
      throw FirnException.usage("a pre-signed URL is valid for a second to seven days");
    }
    return told(
        object.bucket(),
        () -> {
          try (S3Presigner presigner =
              S3Presigner.builder()
                  .endpointOverride(address.endpoint())
                  .region(Region.of(address.region()))
                  .credentialsProvider(StaticCredentialsProvider.create(credentials(address)))
                  .serviceConfiguration(configuration(address))
                  .build()) {
            return URI.create(
                presigner
                    .presignGetObject(
                        signing ->
                            signing
                                .signatureDuration(validity)
                                .getObjectRequest(
                                    get -> get.bucket(object.bucket()).key(object.key())))
                    .url()
                    .toString());
          }
        });
  }

  URI presign(String key, Duration validity) {
    return presign(address, new ObjectName(name, key), validity);
  }

  /** Where an object is, without a signature. */
  URI location(String key) {
    return told(
        name,
        () -> URI.create(client.utilities().getUrl(url -> url.bucket(name).key(key)).toString()));
  }

  /** How many bytes an object has, or -1 if there is none. */
  public long sizeBytes(String key) {
    try {
      return client.headObject(head -> head.bucket(name).key(key)).contentLength();
    } catch (S3Exception e) {
      if (e.statusCode() == NOT_FOUND) {
        return -1;
      }
      throw told(name, e);
    } catch (SdkException e) {
      throw told(name, e);
    }
  }

  /** Deletes an object, if there is one. */
  void delete(String key) {
    told(name, () -> client.deleteObject(delete -> delete.bucket(name).key(key)));
  }

  /**
   * Begins to write an object, which is there when {@link ObjectOutput#complete} returns, and not
   * before. What an interrupted upload of the same key has already is not sent again.
   *
   * @param bytesMax about how many bytes there may be at most; the memory of one or two parts is
   *     used, of which 9,000 hold as much
   */
  public ObjectOutput write(String key, long bytesMax) throws IOException {
    return new ObjectOutput(this, key, bytesMax);
  }

  /** Takes away what an upload of a key that is not complete has left. */
  void abort(String key) {
    for (MultipartUpload upload : uploads(key)) {
      abort(key, upload.uploadId());
    }
  }

  void put(String key, byte[] bytes, int length, String md5) {
    told(
        name,
        () ->
            client.putObject(
                put -> put.bucket(name).key(key).contentMD5(md5), body(bytes, length)));
  }

  String beginUpload(String key) {
    return told(name, () -> client.createMultipartUpload(create -> create.bucket(name).key(key)))
        .uploadId();
  }

  /** Sends a part; answers its entity tag. */
  String sendPart(String key, String upload, int number, byte[] bytes, int length, String md5) {
    return told(
            name,
            () ->
                client.uploadPart(
                    part ->
                        part.bucket(name)
                            .key(key)
                            .uploadId(upload)
                            .partNumber(number)
                            .contentMD5(md5),
                    body(bytes, length)))
        .eTag();
  }

  void completeUpload(String key, String upload, List<CompletedPart> parts) {
    told(
        name,
        () ->
            client.completeMultipartUpload(
                complete ->
                    complete
                        .bucket(name)
                        .key(key)
                        .uploadId(upload)
                        .multipartUpload(all -> all.parts(parts))));
  }

  void abort(String key, String upload) {
    told(
        name,
        () -> client.abortMultipartUpload(abort -> abort.bucket(name).key(key).uploadId(upload)));
  }

  /** The uploads of exactly this key that are not complete, oldest first. */
  List<MultipartUpload> uploads(String key) {
    return told(
        name,
        () -> {
          List<MultipartUpload> found = new ArrayList<>();
          client
              .listMultipartUploadsPaginator(list -> list.bucket(name).prefix(key))
              .uploads()
              .forEach(found::add);
          found.removeIf(upload -> !upload.key().equals(key));
          found.sort(
              java.util.Comparator.comparing(
                  MultipartUpload::initiated,
                  java.util.Comparator.nullsFirst(java.util.Comparator.naturalOrder())));
          return found;
        });
  }

  List<Part> parts(String key, String upload) {
    return told(
        name,
        () -> {
          List<Part> found = new ArrayList<>();
          client
              .listPartsPaginator(list -> list.bucket(name).key(key).uploadId(upload))
              .parts()
              .forEach(found::add);
          return found;
        });
  }

  @Override
  public void close() {
    client.close();
  }

  private static RequestBody body(byte[] bytes, int length) {
    return RequestBody.fromInputStream(new java.io.ByteArrayInputStream(bytes, 0, length), length);
  }

  private static AwsCredentials credentials(BucketAddress address) {
    return address.sessionToken() == null
        ? AwsBasicCredentials.create(address.accessKeyId(), address.secretKey())
        : AwsSessionCredentials.create(
            address.accessKeyId(), address.secretKey(), address.sessionToken());
  }

  private static S3Configuration configuration(BucketAddress address) {
    return S3Configuration.builder()
        .pathStyleAccessEnabled(address.pathStyle())
        .chunkedEncodingEnabled(false)
        .build();
  }

  private static <T> T told(String name, Supplier<T> request) {
    try {
      return request.get();
    } catch (SdkException | IllegalArgumentException | NullPointerException e) {
      throw told(name, e);
    }
  }

  private static FirnException told(String name, RuntimeException failure) {
    if (failure instanceof S3Exception answered) {
      String code =
          answered.awsErrorDetails() == null ? null : answered.awsErrorDetails().errorCode();
      String message =
          answered.awsErrorDetails() == null ? null : answered.awsErrorDetails().errorMessage();
      ErrorKind kind =
          switch (answered.statusCode()) {
            case 401, 403 -> ErrorKind.NOT_PERMITTED;
            case 404 -> ErrorKind.NOT_FOUND;
            default -> ErrorKind.FAILED;
          };
      return new FirnException(
          kind,
          String.format(
              "bucket '%s' refuses: %s (HTTP status %d%s)",
              name,
              message == null || message.isBlank() ? "it does not say why" : message.strip(),
              answered.statusCode(),
              code == null ? "" : ", " + code),
          answered);
    }
    Throwable cause = failure;
    while (failure instanceof SdkClientException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return new FirnException(
        ErrorKind.FAILED,
        String.format(
            "bucket '%s' cannot be reached: %s",
            name,
            cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage()),
        failure);
  }
}
