import { Body, Controller, Get, Header, HttpCode, Ip, Patch, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access, Public } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { AccountService } from './account.service.js';
import {
  ChangePasswordDto,
  LoginDto,
  RefreshDto,
  RegisterDto,
  SignedInDto,
  TokenPairDto,
  toUserDto,
  UpdateMeDto,
  UserDto,
} from './auth.dto.js';
import { emailTaken, registrationClosed } from './identity.errors.js';
import { LoginService } from './login.service.js';
import { RegistrationService } from './registration.service.js';
import { SessionService } from './session.service.js';

@ApiTags('Auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly registration: RegistrationService,
    private readonly logins: LoginService,
    private readonly sessions: SessionService,
    private readonly accounts: AccountService,
  ) {}

  @Post('register')
  @Public()
  @Header('Cache-Control', 'no-store')
  @Header('Location', '/api/v1/auth/me')
  @ApiOperation({ summary: 'Register and sign in', operationId: 'register' })
  @ApiCreatedResponse({ type: SignedInDto })
  @ApiProblems(registrationClosed, emailTaken, 429, 503)
  register(@Body() body: RegisterDto, @Ip() address: string): Promise<SignedInDto> {
    return this.registration.register(body, address);
  }

  @Post('login')
  @Public()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Sign in with e-mail address and password', operationId: 'login' })
  @ApiOkResponse({ type: SignedInDto })
  @ApiProblems(401, 429, 503)
  login(@Body() body: LoginDto, @Ip() address: string): Promise<SignedInDto> {
    return this.logins.login(body, address);
  }

  @Post('refresh')
  @Public()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Exchange a refresh token for the next pair',
    description: 'A refresh token can be used once. Using one again ends the session, for whoever holds a token of it.',
    operationId: 'refresh',
  })
  @ApiOkResponse({ type: TokenPairDto })
  @ApiProblems(401, 503)
  refresh(@Body() body: RefreshDto): Promise<TokenPairDto> {
    return this.sessions.refresh(body.refreshToken);
  }

  @Post('logout')
  @HttpCode(204)
  @Access('viewer', 'account:write')
  @ApiOperation({
    summary: 'End this session',
    description: 'With an API key there is no session to end: revoke the key instead.',
    operationId: 'logout',
  })
  @ApiNoContentResponse({ description: 'Neither the access token nor the refresh token works any longer.' })
  logout(@Caller() caller: Principal): Promise<void> {
    return this.logins.logout(caller);
  }

  @Post('change-password')
  @HttpCode(204)
  @Access('viewer', 'account:write')
  @ApiOperation({
    summary: 'Change your password and end every session',
    description: 'Log in again afterwards. API keys keep working; revoke those you do not trust.',
    operationId: 'changePassword',
  })
  @ApiNoContentResponse({ description: 'Changed; every session of yours has ended.' })
  @ApiProblems(409)
  changePassword(@Caller() caller: Principal, @Body() body: ChangePasswordDto): Promise<void> {
    return this.logins.changePassword(caller, body);
  }

  @Get('me')
  @Access('viewer', 'account:read')
  @ApiOperation({ summary: 'Who am I', operationId: 'getMe' })
  @ApiOkResponse({ type: UserDto })
  async me(@Caller() caller: Principal): Promise<UserDto> {
    return toUserDto(await this.accounts.get(caller.userId));
  }

  @Patch('me')
  @Access('viewer', 'account:write')
  @ApiOperation({ summary: 'Change how you are called', operationId: 'updateMe' })
  @ApiOkResponse({ type: UserDto })
  async updateMe(@Caller() caller: Principal, @Body() { name }: UpdateMeDto): Promise<UserDto> {
    const { userId } = caller;
    return toUserDto(name === undefined ? await this.accounts.get(userId) : await this.accounts.rename(userId, name));
  }
}
